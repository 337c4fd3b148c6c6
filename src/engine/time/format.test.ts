import { describe, expect, it } from 'vitest';
import { formatRfc3339 } from '../model/timestamp.js';
import { formatDuration, formatLocal } from './format.js';
import { parseZone } from './zone.js';

describe('a duration', () => {
  it.each([
    [0n, '0'],
    [1n, '1ns'],
    [850_000n, '850µs'],
    [999_600n, '1ms'],
    [1_230_000n, '1.23ms'],
    [999_600_000n, '1s'],
    [4_812_000_000n, '4.81s'],
    [59_960_000_000n, '1m00s'],
    [123_000_000_000n, '2m03s'],
    [3_725_000_000_000n, '1h02m'],
    [273_600_000_000_000n, '3d04h'],
    [-1_000_000n, '-1ms'],
  ])('of %d ns reads %s', (ns, text) => {
    expect(formatDuration(ns)).toBe(text);
  });
});

describe('a moment', () => {
  it.each([
    [0n, '1970-01-01T00:00:00.000Z'],
    [1_494_892_800_123_456_789n, '2017-05-16T00:00:00.123456789Z'],
    [1_494_892_800_123_456_000n, '2017-05-16T00:00:00.123456Z'],
    [-1n, '1969-12-31T23:59:59.999999999Z'],
  ])('%d is %s', (ns, text) => {
    expect(formatRfc3339(ns)).toBe(text);
  });

  it.each([
    ['UTC', { date: '2026-10-25', time: '00:59:59.999', offset: 'Z' }],
    ['Europe/Berlin', { date: '2026-10-25', time: '02:59:59.999', offset: '+02:00' }],
    ['America/St_Johns', { date: '2026-10-24', time: '22:29:59.999', offset: '-02:30' }],
    ['+05:45', { date: '2026-10-25', time: '06:44:59.999', offset: '+05:45' }],
  ])('has in %s its own clock', (zone, expected) => {
    const ns = BigInt(Date.parse('2026-10-25T00:59:59.999Z')) * 1_000_000n;
    expect(formatLocal(ns, parseZone(zone))).toEqual(expected);
  });

  it('changes its offset with the clocks, in one and the same zone', () => {
    const zone = parseZone('Europe/Berlin');
    const at = (text: string): string =>
      formatLocal(BigInt(Date.parse(text)) * 1_000_000n, zone).time;
    expect(at('2026-10-25T00:59:59Z')).toBe('02:59:59.000');
    expect(at('2026-10-25T01:00:00Z')).toBe('02:00:00.000');
  });
});
