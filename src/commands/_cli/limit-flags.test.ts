import { describe, expect, it } from 'vitest';
import { toQuestionLimits } from './limit-flags.js';

const FLAGS = { timeout: '60s', 'max-scan': undefined, 'require-all': false };

describe('--timeout', () => {
  it.each([
    ['60s', 60],
    ['1m30s', 90],
    ['5m', 300],
    ['1ms', 1],
    ['1500ms', 2],
  ])('%s is %d seconds', (timeout, seconds) => {
    expect(toQuestionLimits({ ...FLAGS, timeout }).seconds).toBe(seconds);
  });

  it.each([
    ['0s', 'cannot use --timeout "0s": it is not between 1s and 300s'],
    ['301s', 'cannot use --timeout "301s": it is not between 1s and 300s'],
    ['30', 'cannot read --timeout "30": it is not a duration'],
    ['', 'cannot read --timeout "": it is not a duration'],
    ['-5s', 'cannot read --timeout "-5s": it is not a duration'],
  ])('refuses %j', (timeout, message) => {
    expect(() => toQuestionLimits({ ...FLAGS, timeout })).toThrow(message);
  });
});

describe('--max-scan', () => {
  it.each([
    ['1', 'rows', 1],
    ['500k', 'rows', 500_000],
    ['10M', 'rows', 10_000_000],
    ['1.5g', 'rows', 1_500_000_000],
    ['100B', 'bytes', 100],
    ['2GB', 'bytes', 2_000_000_000],
    ['500 MiB', 'bytes', 524_288_000],
    ['1tib', 'bytes', 1024 ** 4],
  ])('%s is a limit of %s', (text, unit, max) => {
    expect(toQuestionLimits({ ...FLAGS, 'max-scan': text }).scan).toEqual({ unit, max });
  });

  it.each(['', '0', '0.5', '-1', '10Mi', '1e6', 'all', 'NaN', '999999999999999T', '5%'])(
    'refuses %j',
    (text) => {
      expect(() => toQuestionLimits({ ...FLAGS, 'max-scan': text })).toThrow(
        'cannot read --max-scan',
      );
    },
  );

  it('is no limit without the flag', () => {
    expect(toQuestionLimits(FLAGS).scan).toBeNull();
  });
});
