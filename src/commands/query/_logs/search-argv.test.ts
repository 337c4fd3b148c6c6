import { describe, expect, it } from 'vitest';
import {
  argumentsToSave,
  joinArguments,
  savedNameIn,
  type FlagShape,
  withValues,
} from './search-argv.js';

const words = (text: string): string[] => text.split(' ').filter((word) => word !== '');

const SHAPES: readonly FlagShape[] = [
  ...['since', 'from', 'to', 'limit', 'save', 'after'].map((name) => ({
    name,
    hasValue: true,
    isMultiple: false,
  })),
  { name: 'output', char: 'o', hasValue: true, isMultiple: false },
  { name: 'level', hasValue: true, isMultiple: true },
  { name: 'field', char: 'f', hasValue: true, isMultiple: true },
  { name: 'asc', hasValue: false, isMultiple: false },
];

describe('a saved search', () => {
  it.each([
    ['@errors --since 1h', 'errors'],
    ['@errors', 'errors'],
    ['@', ''],
    ['--since 1h @errors', undefined],
    ['-- @errors', undefined],
    ['', undefined],
  ])('is named by the first argument alone: %j', (typed, name) => {
    expect(savedNameIn(words(typed))).toBe(name);
  });

  it.each([
    ['--level error+ --since 15m', '--limit 5', '--level error+ --since 15m --limit 5'],
    ['--level error+ --since 15m', '--since 2h', '--level error+ --since 2h'],
    ['--since=15m --level error+', '--from today --to now', '--level error+ --from today --to now'],
    ['--from today --to now x', '--since 5m', 'x --since 5m'],
    ['x -- --since 15m', '--since 2h -- @y', 'x --since 2h -- --since 15m @y'],
    ['--since 15m', '--level warn+ -- --since 2h', '--since 15m --level warn+ -- --since 2h'],
    ['--from today --to now', '--to now-1h', '--from today --to now-1h'],
    ['--limit=5 --level warn+', '--limit 7', '--level warn+ --limit 7'],
    ['-o json --asc x', '--output=csv --asc', 'x --output=csv --asc'],
    ['-ojson -f a=1 x', '-o csv -f b=2', '-f a=1 x -o csv -f b=2'],
    // A value that looks like a flag is none.
    ['-f --limit x', '--limit 7', '-f --limit x --limit 7'],
  ])('%j with %j is %j', (saved, typed, joined) => {
    expect(joinArguments(words(saved), words(typed), SHAPES)).toEqual(words(joined));
  });

  it.each([
    ['--save errors --level error+ x', '--level error+ x'],
    ['x --save=errors', 'x'],
    ['--after abc x --save errors', 'x'],
    ['-- --save errors', '-- --save errors'],
  ])('%j is saved as %j', (typed, saved) => {
    expect(argumentsToSave(words(typed), SHAPES)).toEqual(words(saved));
  });
});

describe('optional values', () => {
  it.each([
    ['--histogram', '--histogram=auto'],
    ['--histogram=1m', '--histogram=1m'],
    ['--histogram 5m timeout', '--histogram=5m timeout'],
    ['--histogram 404abc', '--histogram=auto 404abc'],
    ['--histogram timeout', '--histogram=auto timeout'],
    ['--facets --histogram', '--facets=default --histogram=auto'],
    ['--facets service', '--facets=default service'],
    ['--facets=service,level x', '--facets=service,level x'],
    ['-- --histogram 5m', '-- --histogram 5m'],
    ['--facets -- --facets', '--facets=default -- --facets'],
    ['', ''],
  ])('of %j are filled in', (typed, filled) => {
    expect(withValues(words(typed))).toEqual(words(filled));
  });
});
