import { describe, expect, it } from 'vitest';
import { formatRfc3339 } from '../model/timestamp.js';
import { UTC } from '../time/zone.js';
import { isWholeMinutes } from '../model/question/answer.js';
import { questionRange } from './question-range.js';

const clock = { nowMs: () => Date.parse('2026-11-20T10:35:42.123Z') };

function range(input: Parameters<typeof questionRange>[0], everyMs?: number) {
  const options = { clock, zone: UTC, defaultSince: '1h', everyMs };
  const { fromNs, toNs } = questionRange(input, options);
  return [formatRfc3339(fromNs).slice(11, -1), formatRfc3339(toNs).slice(11, -1)];
}

describe('questionRange', () => {
  it('is the default time in whole minutes, the minute of now included', () => {
    expect(range({})).toEqual(['09:35:00.000', '10:36:00.000']);
  });

  it('begins on a whole interval where it is said relative to now', () => {
    expect(range({ since: '6h' }, 3_600_000)).toEqual(['04:00:00.000', '10:36:00.000']);
  });

  it('takes exactly what is said exactly', () => {
    const input = { from: '2026-11-20T08:00:00.5Z', to: '2026-11-20T09:00:07Z' };
    expect(range(input, 3_600_000)).toEqual(['08:00:00.500', '09:00:07.000']);
  });

  it('refuses a range without a beginning', () => {
    expect(() => range({ to: '2026-11-20T09:00:00Z' })).toThrow('without a beginning');
  });
});

describe('isWholeMinutes', () => {
  it.each([
    [0n, 120_000_000_000n, true],
    [1n, 120_000_000_000n, false],
    [0n, 119_999_999_999n, false],
  ])('of %s to %s is %s', (fromNs, toNs, isWhole) => {
    expect(isWholeMinutes({ fromNs, toNs })).toBe(isWhole);
  });
});
