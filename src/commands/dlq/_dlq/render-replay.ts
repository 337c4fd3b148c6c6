import { REFUSALS, type Refusal } from '../../../engine/dead-letter/repair-letter.js';
import { clipText } from '../../_cli/text-width.js';
import { sanitizeText } from '../../_cli/sanitize.js';
import type { Terminal } from '../../_cli/terminal.js';

/** What `dlq replay --json` prints: an API. */
export interface ReplayAnswer {
  /** Nothing was sent: it says what would be. */
  readonly dryRun: boolean;
  readonly events: number;
  /** Letters that are no events after the change, by why not. */
  readonly refused: Readonly<Partial<Record<Refusal, number>>>;
  /** Letters that a killed run had sent, and that are marked now. */
  readonly recovered: number;
  /** The first event as it would be sent; null without --dry-run. */
  readonly first: string | null;
}

/** In sentences. */
export function renderReplay(answer: ReplayAnswer, { paint, width }: Terminal): string {
  const { dryRun, events, refused, recovered, first } = answer;
  const lines = [
    `${dryRun ? 'Would send' : 'Sent'} ${countOf(events, 'letter')}${dryRun ? '' : ' again'}.`,
  ];
  if (first !== null) {
    lines.push(
      `  ${paint('dim', 'first as')} ${clipText(sanitizeText(first), Math.max(20, width - 12))}`,
    );
  }
  for (const [why, count] of Object.entries(refused)) {
    const text = `${countOf(count, 'letter')} ${dryRun ? 'would stay' : 'stayed'}: ${REFUSALS[why as Refusal]} (${why})`;
    lines.push(paint('yellow', text));
  }
  if (recovered > 0) {
    lines.push(
      `${countOf(recovered, 'letter')} had been sent by a run that was killed; they are marked now.`,
    );
  }
  return `${lines.join('\n')}\n`;
}

/** `1 letter`, `1,200 letters`. */
export function countOf(count: number, noun: string): string {
  return `${count.toLocaleString('en')} ${noun}${count === 1 ? '' : 's'}`;
}
