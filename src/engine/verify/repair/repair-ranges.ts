import type { LedgerLine } from '../../model/verify.js';
import type { LedgerCounts, RowDifference } from '../../model/repair.js';
import type { RepairRange } from './plan-repair.js';
import { CUT_LIMITS, readCuts, type RepairSources } from './read-cuts.js';

/** What was done to a range. */
export interface MendedRange extends Pick<
  RepairRange,
  'topic' | 'epoch' | 'partition' | 'first' | 'last'
> {
  /** Records whose rows were put in their place, or taken away where they had none. */
  readonly events: number;
  readonly deadLetters: number;
  readonly ledgerLines: number;
}

interface RepairRangeOptions {
  /** Whether rows that are there once are held against the queue's records, too. */
  readonly withContents: boolean;
}

/**
 * Mends a range from the queue: what its records become is laid beside the store by the worker's own way, and what differs is
 * replaced. It goes by what is there and not by what it did before, so that one that was killed is simply run again.
 */
export async function repairRange(
  range: RepairRange,
  shard: number,
  sources: RepairSources,
  { withContents }: RepairRangeOptions,
): Promise<MendedRange> {
  const { topic, epoch, partition, first, last, lines } = range;
  const mended = { events: 0, deadLetters: 0, ledgerLines: 0 };
  const { repair, signal } = sources;
  // A line's range stays one chunk, because its line counts all of it.
  const limits = lines.length > 0 ? null : CUT_LIMITS;
  for await (const chunk of readCuts({ ...range, shard }, limits, sources)) {
    const staged = await repair.stage(chunk, signal);
    const differences = await staged.differences(withContents ? 'contents' : 'places', signal);
    if (differences.length > 0) await staged.mendRows(differences, signal);
    mended.events += countOf(differences, 'events');
    mended.deadLetters += countOf(differences, 'dead_letters');
    if (!range.isWhole || isRight(lines, await staged.ledgerCounts(signal))) continue;
    await staged.writeLedgerLine(signal);
    mended.ledgerLines += 1;
  }
  return { topic, epoch, partition, first, last, ...mended };
}

function countOf(differences: readonly RowDifference[], table: RowDifference['table']): number {
  return differences.filter((difference) => difference.table === table).length;
}

function isRight(lines: readonly LedgerLine[], counts: LedgerCounts): boolean {
  const [line] = lines;
  if (line === undefined || lines.length > 1 || line.copies > 1) return false;
  return line.stored === counts.stored && line.dead === counts.dead && line.more === counts.more;
}
