import type { Drop } from '../../../store/dead-letter/drop-letters.js';
import { joinCells, shareWidth, type Side } from '../../_cli/column-widths.js';
import { sanitizeText } from '../../_cli/sanitize.js';
import { byteText, timeText } from './letter-text.js';
import { WIDE_FROM, type Canvas } from './render-groups.js';

/** A drop as `dlq ls --dropped --json` says it: an API. */
export interface DropAnswer {
  readonly id: string;
  readonly at: string;
  readonly by: string;
  readonly filter: string;
  readonly letters: number;
  readonly bytes: number;
  readonly topics: readonly string[];
  readonly reasons: readonly string[];
}

export function dropAnswer({ atMs, ...drop }: Drop): DropAnswer {
  const { id, by, filter, letters, bytes, topics, reasons } = drop;
  return { id, at: new Date(atMs).toISOString(), by, filter, letters, bytes, topics, reasons };
}

const HEAD = ['DROPPED', 'BY', 'LETTERS', 'SIZE', 'TOPIC', 'REASON', 'FILTER'];
const SIDES: readonly Side[] = ['left', 'left', 'right', 'right'];

/** One line a drop: when, by whom, how much, and by which filter. */
export function renderDrops(drops: readonly Drop[], { terminal, zone }: Canvas): string {
  const isWide = terminal.width >= WIDE_FROM;
  const rows = drops.map((drop) => [
    timeText(drop.atMs, zone, { isWide }),
    sanitizeText(drop.by),
    drop.letters.toLocaleString('en'),
    byteText(drop.bytes),
    sanitizeText(drop.topics.join(',')),
    sanitizeText(drop.reasons.join(',')),
    sanitizeText(drop.filter) || '(all)',
  ]);
  const widths = shareWidth([HEAD, ...rows], terminal.width);
  const lines = rows.map((cells) => joinCells(cells, widths, SIDES));
  return `${[terminal.paint('bold', joinCells(HEAD, widths, SIDES)), ...lines].join('\n')}\n`;
}
