import { describe, expect, it } from 'vitest';
import { createParseTime, createParseTimeFormat } from './parse-time.js';

const utc = { offsetMsAt: () => 0 };
/** Ahead by one hour until 2026-03-29T01:00Z, by two until 2026-10-25T01:00Z, then by one again. */
const berlin = {
  offsetMsAt: (ms: number) =>
    ms >= Date.UTC(2026, 2, 29, 1) && ms < Date.UTC(2026, 9, 25, 1) ? 7_200_000 : 3_600_000,
};

describe('createParseTime', () => {
  it.each([
    ['2026-11-23T10:00:00Z', '2026-11-23T10:00:00Z'],
    ['2026-11-23T10:00:00.123456789Z', '2026-11-23T10:00:00.123456789Z'],
    ['2026-11-23 10:00:00,250', '2026-11-23T10:00:00.250Z'],
    ['2026-11-23T10:00:00.1+02:00', '2026-11-23T08:00:00.1Z'],
    ['2026-11-23T10:00:00-0330', '2026-11-23T13:30:00Z'],
    ['10/Oct/2000:13:55:36 -0700', '2000-10-10T20:55:36Z'],
    [1764000000, '2025-11-24T16:00:00Z'],
    [1764000000.5, '2025-11-24T16:00:00.5Z'],
    [1764000000123, '2025-11-24T16:00:00.123Z'],
    ['1764000000123456789', '2025-11-24T16:00:00.123456789Z'],
    [1764000000120, '2025-11-24T16:00:00.120Z'],
    ['2028-02-29T23:59:60Z', '2028-02-29T23:59:59Z'],
    ['2026-02-29T10:00:00Z', undefined],
    ['2026-02-31T10:00:00Z', undefined],
    ['2026-11-00T10:00:00Z', undefined],
    ['2026-11-23T24:00:00Z', undefined],
    ['2026-11-23T10:75:00Z', undefined],
    ['2026-11-23T10:00:99Z', undefined],
    ['2026-11-23T10:00:00+99:00', undefined],
    ['2026-11-23T10:00:00+01:75', undefined],
    ['10/Oct/2000:13:75:36 -0700', undefined],
    ['yesterday', undefined],
    [null, undefined],
    [NaN, undefined],
    [{}, undefined],
  ])('reads %j', (value, expected) => {
    expect(createParseTime(utc)(value)).toBe(expected);
  });

  it.each([
    ['2026-01-15 12:00:00', '2026-01-15T11:00:00Z'],
    ['2026-07-15 12:00:00', '2026-07-15T10:00:00Z'],
    ['2026-03-29 02:30:00', '2026-03-29T01:30:00Z'],
    ['2026-10-25 02:30:00', '2026-10-25T00:30:00Z'],
    ['2026-10-25 03:30:00', '2026-10-25T02:30:00Z'],
  ])('reads %s as local time: twice is the earlier, skipped is moved on', (text, expected) => {
    expect(createParseTime(berlin)(text)).toBe(expected);
  });
});

describe('createParseTimeFormat', () => {
  it.each([
    ['%d.%m.%Y %H:%M:%S', '23.11.2026 10:00:01', '2026-11-23T10:00:01Z'],
    ['%b %e %H:%M:%S', 'Nov  3 10:00:01', '2026-11-03T10:00:01Z'],
    ['%Y%m%d-%H%M%S.%f %z', '20261123-100001.25 +0200', '2026-11-23T08:00:01.25Z'],
    ['[%s]', '[1764000000]', '2025-11-24T16:00:00Z'],
    ['%Y', 'none', undefined],
    ['%H:%M:%S', '10:75:00', undefined],
    ['%H:%M:%S', '10:00:99', undefined],
    ['%H:%M:%S', '25:00:00', undefined],
    ['%d.%m.%Y', '31.04.2026', undefined],
  ])('reads %s', (format, text, expected) => {
    expect(createParseTimeFormat(format, { zone: utc, year: 2026 })?.(text)).toBe(expected);
  });

  it('knows which directives it does not know', () => {
    expect(createParseTimeFormat('%Y %Q', { zone: utc, year: 2026 })).toBeUndefined();
  });
});
