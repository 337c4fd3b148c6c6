import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AtbdError } from '../model/error.js';
import { parseZone, UTC, type Zone } from '../time/zone.js';
import { alignDown, bucketsOf, parseEvery } from './buckets.js';

const NS_PER_MS = 1_000_000n;

function range(from: string, to: string) {
  return { fromNs: BigInt(Date.parse(from)) * NS_PER_MS, toNs: BigInt(Date.parse(to)) * NS_PER_MS };
}

function starts(from: string, to: string, every: string, zone: Zone = UTC): string[] {
  const { startsMs } = bucketsOf(range(from, to), parseEvery(every), zone);
  return startsMs.map((ms) => new Date(ms).toISOString().slice(0, 'YYYY-MM-DDTHH:MM'.length));
}

describe('parseEvery', () => {
  it.each([
    ['1m', 60_000],
    ['15m', 900_000],
    ['3h', 10_800_000],
    ['1d', 86_400_000],
    ['1w', 604_800_000],
  ])('reads %s', (text, ms) => {
    expect(parseEvery(text)).toBe(ms);
  });

  it.each(['7m', '90s', '25h', '0m', 'an hour', '-5m', '1500ms'])('refuses %s', (text) => {
    expect(() => parseEvery(text)).toThrow(AtbdError);
  });
});

describe('bucketsOf', () => {
  it('begins with the interval that the range begins in, and ends with the one it ends in', () => {
    expect(starts('2026-11-20T10:20:00Z', '2026-11-20T11:01:00Z', '15m')).toEqual([
      '2026-11-20T10:15',
      '2026-11-20T10:30',
      '2026-11-20T10:45',
      '2026-11-20T11:00',
    ]);
  });

  it('has no interval behind an end on a boundary', () => {
    expect(starts('2026-11-20T10:00:00Z', '2026-11-20T12:00:00Z', '1h')).toEqual([
      '2026-11-20T10:00',
      '2026-11-20T11:00',
    ]);
  });

  it('gives days of the zone, 23 and 25 hours long where its clocks jump', () => {
    const zone = parseZone('Europe/Berlin');
    expect(starts('2026-03-28T00:00:00Z', '2026-03-30T12:00:00Z', '1d', zone)).toEqual([
      '2026-03-27T23:00',
      '2026-03-28T23:00',
      '2026-03-29T22:00',
    ]);
    expect(starts('2026-10-24T12:00:00Z', '2026-10-26T12:00:00Z', '1d', zone)).toEqual([
      '2026-10-23T22:00',
      '2026-10-24T22:00',
      '2026-10-25T23:00',
    ]);
  });

  it('puts hours of a zone with a broken offset on its own hours', () => {
    expect(
      starts('2026-11-20T10:00:00Z', '2026-11-20T12:00:00Z', '1h', parseZone('+05:30')),
    ).toEqual(['2026-11-20T09:30', '2026-11-20T10:30', '2026-11-20T11:30']);
  });

  it('counts an hour that comes twice as two', () => {
    const zone = parseZone('Europe/Berlin');
    expect(starts('2026-10-25T00:00:00Z', '2026-10-25T03:00:00Z', '1h', zone)).toHaveLength(3);
  });

  it('refuses more intervals than anybody reads', () => {
    const long = range('2026-01-01T00:00:00Z', '2026-02-01T00:00:00Z');
    expect(() => bucketsOf(long, 60_000, UTC)).toThrow('cannot answer in 44640 intervals');
  });

  it('covers every range without a hole, in any zone, whenever its clocks jump', () => {
    const zones = ['UTC', 'Europe/Berlin', 'America/St_Johns', 'Australia/Lord_Howe', '+05:45'].map(
      parseZone,
    );
    const everyMinutes = [1, 5, 15, 60, 180, 1440, 10_080];
    fc.assert(
      fc.property(
        fc.constantFrom(...zones),
        fc.constantFrom(...everyMinutes),
        fc.integer({ min: Date.UTC(2025, 0), max: Date.UTC(2027, 0) }),
        fc.integer({ min: 1, max: 50 }),
        (zone, minutes, fromMs, count) => {
          const everyMs = minutes * 60_000;
          const toMs = fromMs + count * everyMs;
          const at = { fromNs: BigInt(fromMs) * NS_PER_MS, toNs: BigInt(toMs) * NS_PER_MS };
          const { startsMs, endMs } = bucketsOf(at, everyMs, zone);
          expect(startsMs[0]).toBeLessThanOrEqual(fromMs);
          expect(endMs).toBeGreaterThanOrEqual(toMs);
          expect(startsMs.every((ms) => ms % 60_000 === 0)).toBe(true);
          const isAscending = startsMs.every((ms, at) => (startsMs[at + 1] ?? endMs) > ms);
          expect(isAscending).toBe(true);
          // A start aligns to itself: no two answers cut time in different ways.
          expect(startsMs.map((ms) => alignDown(ms, everyMs, zone))).toEqual(startsMs);
        },
      ),
      { numRuns: 300 },
    );
  });
});
