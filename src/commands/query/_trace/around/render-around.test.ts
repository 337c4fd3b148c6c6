import { describe, expect, it } from 'vitest';
import type { Surroundings } from '../../../../engine/model/surroundings.js';
import { storedEventsOf } from '../../../../engine/testing/stored-events.js';
import { UTC } from '../../../../engine/time/zone.js';
import { plainPaint } from '../../../_cli/terminal.js';
import { widthOf } from '../../../_cli/text-width.js';
import { renderAround } from './render-around.js';

const START_MS = Date.UTC(2026, 4, 16, 10);
const at = (ms: number): bigint => BigInt(START_MS + ms) * 1_000_000n;

const NONE = { errorCount: 0, failureCount: 0, warnCount: 0, infoCount: 0, debugCount: 0 };

const AROUND: Surroundings = {
  fromNs: at(0),
  toNs: at(600_000),
  places: [
    {
      ...NONE,
      service: 'payment',
      place: 'payment-f4c69857-28tnz',
      placeCount: 1,
      eventCount: 12_345,
      errorCount: 33,
      failureCount: 79,
      infoCount: 225,
      debugCount: 22,
    },
    { ...NONE, service: 'payment', place: '', placeCount: 2, eventCount: 1448, warnCount: 4 },
    { ...NONE, service: 'identity', place: '', placeCount: 1, eventCount: 7 },
  ],
  problems: [
    {
      service: 'payment',
      level: 'error',
      message: 'no answer\nfrom acme',
      file: '/srv/src/provider/call.ts',
      line: 118,
      count: 1054,
      ownCount: 20,
      actionCount: 30,
      firstNs: at(1000),
      lastNs: at(599_000),
    },
    {
      service: 'payment',
      level: 'warn',
      message: 'slow',
      file: '',
      line: null,
      count: 1,
      ownCount: 1,
      actionCount: 0,
      firstNs: at(2000),
      lastNs: at(2000),
    },
  ],
  changes: storedEventsOf(
    [
      { at: 60_000, type: 'deploy', service: 'payment', message: 'version 42 of payment' },
      { at: 30_000, type: 'provider.maintenance', provider: 'acme', status: 'begin' },
    ],
    START_MS,
  ),
};

function draw(around: Surroundings, width: number): string[] {
  return [...renderAround(around, { width, zone: UTC, paint: plainPaint, isEndless: false })];
}

describe('what else happened', () => {
  it.each([60, 80, 120])('at %d columns', (width) => {
    expect(draw(AROUND, width).join('\n')).toMatchSnapshot();
  });

  it('may be nothing', () => {
    expect(draw({ ...AROUND, places: [], problems: [], changes: [] }, 80)).toEqual([
      '',
      'around    10:00:00 to 10:10:00, what else happened in these services',
      '          nothing',
    ]);
  });

  it.each([40, 64, 80, 120, 200])('never exceeds %d columns, and lets no text act', (width) => {
    const evil = `\u001b[2J\u202e${'漢字'.repeat(200)}`;
    const hostile: Surroundings = {
      ...AROUND,
      places: AROUND.places.map((figures) => ({ ...figures, service: evil, place: evil })),
      problems: AROUND.problems.map((problem) => ({
        ...problem,
        service: evil,
        message: evil,
        file: evil,
      })),
      changes: storedEventsOf([{ at: 0, type: 'deploy', service: evil, message: evil }], START_MS),
    };
    for (const line of draw(hostile, width)) {
      expect(widthOf(line)).toBeLessThanOrEqual(width);
      expect(line).not.toMatch(/[\p{Cc}\u202e]/u);
    }
  });
});
