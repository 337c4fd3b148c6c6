import { describe, expect, it } from 'vitest';
import { AtbdError } from '../model/error.js';
import { parseTimeRange, type TimeRangeInput } from './time-range.js';
import { parseZone, UTC } from './zone.js';

const NOW = '2026-05-16T12:34:56.789Z';
const clock = { nowMs: () => Date.parse(NOW) };

function range(input: TimeRangeInput, zoneName = 'UTC') {
  return parseTimeRange(input, { clock, zone: parseZone(zoneName), defaultSince: '1h' });
}

function at(from: string, zoneName = 'UTC'): string {
  const ns = range({ from }, zoneName).fromNs ?? 0n;
  const rest = ns % 1_000_000n;
  const ms = new Date(Number(ns / 1_000_000n)).toISOString();
  return rest === 0n ? ms : `${ms}+${rest}ns`;
}

function refusal(input: TimeRangeInput, zoneName = 'UTC'): string {
  try {
    range(input, zoneName);
  } catch (error) {
    if (error instanceof AtbdError) return `${error.code}: ${error.message} | ${error.hint}`;
    throw error;
  }
  return 'accepted';
}

describe('an instant', () => {
  it.each([
    ['2026-05-16T10:00:00Z', '2026-05-16T10:00:00.000Z'],
    ['2026-05-16t10:00:00z', '2026-05-16T10:00:00.000Z'],
    ['2026-05-16 10:00:00+02:00', '2026-05-16T08:00:00.000Z'],
    ['2026-05-16T10:00:00-0330', '2026-05-16T13:30:00.000Z'],
    ['2026-05-16T10:00:00.123456789Z', '2026-05-16T10:00:00.123Z+456789ns'],
    ['2026-05-16T10:00:00,5', '2026-05-16T10:00:00.500Z'],
    ['2026-05-16T10:00', '2026-05-16T10:00:00.000Z'],
    ['2026-05-16', '2026-05-16T00:00:00.000Z'],
    ['2024-02-29', '2024-02-29T00:00:00.000Z'],
    ['09:15', '2026-05-16T09:15:00.000Z'],
    ['09:15:30.25', '2026-05-16T09:15:30.250Z'],
    ['now', '2026-05-16T12:34:56.789Z'],
    ['now-1h', '2026-05-16T11:34:56.789Z'],
    ['NOW-1h30m', '2026-05-16T11:04:56.789Z'],
    ['now+5m', '2026-05-16T12:39:56.789Z'],
    ['today', '2026-05-16T00:00:00.000Z'],
    ['yesterday+9h', '2026-05-15T09:00:00.000Z'],
    ['1494892800', '2017-05-16T00:00:00.000Z'],
    ['1494892800.5', '2017-05-16T00:00:00.500Z'],
    ['1494892800123', '2017-05-16T00:00:00.123Z'],
    ['1494892800123456', '2017-05-16T00:00:00.123Z+456000ns'],
    ['1494892800123456789', '2017-05-16T00:00:00.123Z+456789ns'],
  ])('%s is %s', (text, expected) => {
    expect(at(text)).toBe(expected);
  });

  it.each([
    ['2026-05-16', 'Europe/Berlin', '2026-05-15T22:00:00.000Z'],
    ['2026-01-16 08:00', 'Europe/Berlin', '2026-01-16T07:00:00.000Z'],
    ['2026-05-16 08:00', '+05:30', '2026-05-16T02:30:00.000Z'],
    ['today', 'Pacific/Auckland', '2026-05-16T12:00:00.000Z'],
    ['yesterday', 'Pacific/Auckland', '2026-05-15T12:00:00.000Z'],
    ['2026-10-25T02:30:00+01:00', 'Europe/Berlin', '2026-10-25T01:30:00.000Z'],
    // The clocks of Santiago skip midnight: the day starts at 01:00, which is 04:00 in UTC.
    ['2026-09-06', 'America/Santiago', '2026-09-06T04:00:00.000Z'],
    // The clocks of Havana pass midnight twice: the day starts at the first.
    ['2026-11-01', 'America/Havana', '2026-11-01T04:00:00.000Z'],
  ])('%s in %s is %s', (text, zone, expected) => {
    expect(at(text, zone)).toBe(expected);
  });

  it.each([
    '',
    'soon',
    '2026',
    '5',
    '2026-02-30',
    '2026-13-01',
    '24:00',
    '12:60',
    '2026-05-16T10',
    '2026-05-16T10:00:00+25:00',
    'now-',
    'now-1x',
    'T10:00',
    "'; DROP TABLE events",
    '12345678901234567890',
  ])('refuses %j', (text) => {
    expect(refusal({ from: text })).toBe(
      `USAGE_INVALID: cannot read --from "${text}": it is not a time | Write for example ` +
        '2026-05-16T14:30:00Z, 2026-05-16, 14:30, now-1h, today, or seconds since the epoch.',
    );
  });

  it('refuses a local time that clocks show twice, and names both offsets', () => {
    expect(refusal({ from: '2026-10-25T02:30' }, 'Europe/Berlin')).toBe(
      'USAGE_INVALID: cannot place --from "2026-10-25T02:30": the clocks of Europe/Berlin show it twice' +
        ' | Add the offset from UTC: +02:00 before the change, +01:00 after it.',
    );
  });

  it('refuses a local time that clocks skip, and names both offsets', () => {
    expect(refusal({ from: '2026-03-29 02:30' }, 'Europe/Berlin')).toBe(
      'USAGE_INVALID: cannot place --from "2026-03-29 02:30": the clocks of Europe/Berlin skip it' +
        ' | Add the offset from UTC: +01:00 before the change, +02:00 after it.',
    );
  });

  it('refuses a year that the store cannot hold', () => {
    expect(refusal({ from: '9999-01-01' })).toBe(
      'USAGE_INVALID: cannot use --from "9999-01-01": it is outside of 1900 to 2261' +
        ' | Check the year, or the unit of the number.',
    );
  });
});

describe('a time range', () => {
  it('is the default when no flag says anything, and only then', () => {
    expect(range({})).toEqual({
      fromNs: BigInt(Date.parse(NOW) - 3_600_000) * 1_000_000n,
      toNs: null,
      arrivedSinceNs: null,
      isDefault: true,
    });
    expect(range({ to: 'now' }).fromNs).toBeNull();
    expect(range({ arrivedSince: '1m' })).toMatchObject({ fromNs: null, isDefault: false });
    const context = { clock, zone: UTC, defaultSince: null };
    expect(parseTimeRange({}, context)).toMatchObject({ fromNs: null, isDefault: true });
  });

  it('takes a duration or a time for --since', () => {
    expect(range({ since: '15m' }).fromNs).toBe(BigInt(Date.parse(NOW) - 900_000) * 1_000_000n);
    expect(range({ since: 'today' }).fromNs).toBe(
      BigInt(Date.parse('2026-05-16T00:00:00Z')) * 1_000_000n,
    );
    expect(refusal({ since: '15M' })).toBe(
      'USAGE_INVALID: cannot read --since "15M": it is neither a duration nor a time' +
        ' | Write for example 15m, 1h30m, 2d, today or 2026-05-16T14:30:00Z.',
    );
  });

  it.each([
    [
      { from: 'now', to: 'now-1h' },
      'cannot search from "now" to "now-1h": the range ends before it starts',
    ],
    [
      { from: '2026-05-16', to: '2026-05-16' },
      'cannot search from "2026-05-16" to "2026-05-16": the range is empty: --to is exclusive',
    ],
    [{ since: '1h', from: 'today' }, 'cannot take both --since and --from'],
  ])('refuses %j', (input, message) => {
    expect(refusal(input)).toContain(`USAGE_INVALID: ${message} |`);
  });
});

describe('a time zone', () => {
  it('that nobody has is refused', () => {
    expect(refusal({}, 'Europe/Berln')).toBe(
      'USAGE_INVALID: cannot find the time zone "Europe/Berln"' +
        ' | Use UTC, local, an offset such as +02:00, or a name such as Europe/Berlin.',
    );
  });
});
