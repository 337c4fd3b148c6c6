import type { MinuteRange, RollupOfShard } from '../../model/verify-figures.js';
import type { RepairStore } from '../../model/repair.js';
import type { FiguresReport } from '../verify-figures.js';
import { type StandStillSources, type Unrest, whileWorkersStandStill } from './stand-still.js';

/** Hours of a roll-up that were made anew, or should be. */
export interface WrongFigures extends RollupOfShard {
  readonly ranges: readonly MinuteRange[];
}

/** What became of wrong figures; `none`: there were none. */
export type FiguresRepair =
  | { readonly kind: 'none' }
  | { readonly kind: 'done'; readonly rebuilt: readonly WrongFigures[] }
  | { readonly kind: Unrest };

/** The figures that differ from their events. */
export function wrongFigures(reports: readonly FiguresReport[]): WrongFigures[] {
  return reports
    .filter(({ wrongRanges }) => wrongRanges.length > 0)
    .map(({ shard, rollup, wrongRanges }) => ({ shard, rollup, ranges: wrongRanges }));
}

/**
 * Makes wrong hours of figures anew from the events, while no worker can write: an insert fills events and figures one after the
 * other, and one that came between the two halves of a repair would be counted twice or not at all.
 */
export async function repairFigures(
  groupId: string,
  wrong: readonly WrongFigures[],
  sources: StandStillSources & { readonly repair: RepairStore },
): Promise<FiguresRepair> {
  if (wrong.length === 0) return { kind: 'none' };
  const { repair } = sources;
  const outcome = await whileWorkersStandStill(groupId, sources, async (signal) => {
    // The insert of a worker that has ended may still be under way.
    await repair.untilInsertsEnd(signal);
    for (const { ranges, ...at } of wrong) {
      for (const range of ranges) await repair.rebuildFigures(at, range, signal);
    }
  });
  return outcome.kind === 'done' ? { kind: 'done', rebuilt: wrong } : outcome;
}
