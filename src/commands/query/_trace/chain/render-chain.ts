import { formatDuration, formatLocal } from '../../../../engine/time/format.js';
import type { ChainedAction } from '../../../../engine/trace/action-chain.js';
import { sanitizeText } from '../../../_cli/sanitize.js';
import { clipText, widthOf } from '../../../_cli/text-width.js';
import { renderChainHeader } from '../header/render-chain-header.js';
import { flatRows } from '../render-flat.js';
import { renderNotes, renderWaterfall } from '../render-trace.js';
import type { TraceCanvas } from '../trace-picture.js';
import { createPen, penFor, type Pen } from '../waterfall/pen.js';
import type { ChainPicture } from './chain-picture.js';

/** The story in short, then each action as a waterfall of its own, and how long nothing happened between them. */
export function* renderChain(picture: ChainPicture, canvas: TraceCanvas): Generator<string> {
  const { chain, pictures } = picture;
  const pen = createPen(pictures, canvas);
  yield* renderChainHeader(picture, pen);
  for (const [index, action] of chain.actions.entries()) {
    const own = pictures[index];
    if (own === undefined) throw new Error('BUG: an action without a picture');
    yield '';
    if (action.gapNs !== undefined) yield gapLine(action.gapNs, pen);
    yield headingLine(action, index, pen);
    yield* renderWaterfall(own, penFor(own, pen));
  }
  yield* renderNotes(pictures, pen);
}

/** The story in short, then every event of all actions in time order, one a line. */
export function* renderFlatChain(picture: ChainPicture, canvas: TraceCanvas): Generator<string> {
  const pen = createPen([picture.whole], canvas);
  yield* renderChainHeader(picture, pen);
  yield '';
  yield* flatRows(picture.whole, pen);
}

/** `┄┄ 59m58s later ┄┄┄┄`, as wide as the terminal. */
function gapLine(gapNs: bigint, { paint, width }: Pen): string {
  const text = gapNs < 0n ? 'before the one above had ended' : `${formatDuration(gapNs)} later`;
  const line = `┄┄ ${text} `;
  return paint('yellow', line + '┄'.repeat(Math.max(0, width - widthOf(line))));
}

function headingLine({ summary }: ChainedAction, index: number, pen: Pen): string {
  const { paint, width, zone } = pen;
  const { date, time } = formatLocal(summary.startNs, zone);
  const took = formatDuration(summary.durationNs);
  const parts = [
    `#${index + 1}`,
    `${date} ${time}`,
    [summary.operation, summary.outcome, summary.durationNs === 0n ? '' : took]
      .filter(Boolean)
      .join(' '),
    summary.opId,
  ].filter(Boolean);
  return paint('bold', clipText(sanitizeText(parts.join('  ')), width));
}
