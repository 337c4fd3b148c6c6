import { describe, expect, it } from 'vitest';
import type { FiguresReport } from '../../../engine/verify/verify-figures.js';
import { renderFigures, toFiguresAnswer } from './render-figures.js';

const RIGHT: FiguresReport = {
  shard: 0,
  rollup: 'traffic_1m',
  comparedFrom: 0,
  equalHours: 24,
  unsettledHours: 0,
  wrongHours: 0,
  wrongRanges: [],
  differences: [],
  isCutOff: false,
};
const MINUTE = Date.UTC(2026, 10, 23, 11, 4) / 1_000;

function render(...reports: readonly FiguresReport[]): string {
  return renderFigures(reports.map((report) => toFiguresAnswer(report)));
}

describe('the answer of verify on figures', () => {
  it('is one sentence when all is well', () => {
    expect(render(RIGHT, { ...RIGHT, shard: 1, equalHours: 1 })).toMatchInlineSnapshot(
      `"Figures per minute (traffic_1m) on 2 shards: 25 hours equal a recount of the events."`,
    );
    expect(render({ ...RIGHT, equalHours: 0 })).toMatchInlineSnapshot(
      `"Figures per minute (traffic_1m) on 1 shard: none to compare."`,
    );
  });

  it('names minutes and dimensions that differ, what was not judged and what was not compared', () => {
    const differences = [
      { minute: MINUTE, key: 'service=shop operation=buy', figures: 41, events: 42 },
      { minute: MINUTE, key: 'service=\u001b[31mred', figures: 1, events: 1 },
    ];
    expect(
      render(
        { ...RIGHT, equalHours: 23, wrongHours: 1, differences },
        { ...RIGHT, shard: 1, equalHours: 23, unsettledHours: 1 },
        { ...RIGHT, shard: 2, comparedFrom: null, equalHours: 0 },
      ),
    ).toMatchInlineSnapshot(`
      "Figures per minute (traffic_1m) on 3 shards: 46 hours equal a recount of the events, 1 hour DIFFER.

      Figures that differ from the events:
        traffic_1m on shard 0 at 2026-11-23T11:04:00Z: service=shop operation=buy: 41 in the figures, 42 events
        traffic_1m on shard 0 at 2026-11-23T11:04:00Z: service=␛[31mred: 1 event in both, but other values

      What to try:
        Questions that read these figures answer wrongly, those that read events do not (--explain says which). Look for rows that were changed, deleted or put in by hand on that shard (system.mutations, system.part_log), and for findings above in the same minutes.

      Not judged, because they changed while they were read or a chunk that was announced is not finished: traffic_1m on shard 1 (1 hour). Run it again when less is going on, with the ingest workers up.

      Not compared, because it is not known from when on they are complete: traffic_1m on shard 2. Questions read the events instead; \`atbd migrate\` records it."
    `);
  });

  it('shows so many differences, and says that there are more', () => {
    const differences = Array.from({ length: 30 }, (_, at) => ({
      ...{ minute: MINUTE + 60 * at, key: 'service=shop' },
      ...{ figures: 0, events: 1 },
    }));
    const text = render({ ...RIGHT, wrongHours: 1, differences, isCutOff: true });
    expect(text.split('\n').filter((line) => line.includes('0 in the figures'))).toHaveLength(20);
    expect(text).toContain('… and 10 more (see --json)');
    expect(text).toContain('not listed anywhere');
  });
});
