import type { Surroundings } from '../../../engine/model/surroundings.js';
import type { Zone } from '../../../engine/time/zone.js';
import { sanitizeText } from '../../_cli/sanitize.js';
import { showAnswer } from '../../_cli/pager.js';
import { describeTerminal } from '../../_cli/terminal.js';
import { renderAround } from './around/render-around.js';
import { chainPictureOf } from './chain/chain-picture.js';
import { orderChain } from './chain/order-chain.js';
import { renderChain, renderFlatChain } from './chain/render-chain.js';
import { renderActions } from './list/render-actions.js';
import type { Found } from './lookup/look-up.js';
import { renderFlat } from './render-flat.js';
import { renderTrace } from './render-trace.js';
import { pictureOf, type TraceCanvas } from './trace-picture.js';

/** How actions are drawn: nested with their retries folded, nested with each of them, or as a list. */
export interface View {
  readonly isFlat: boolean;
  readonly isExpanded: boolean;
  readonly zone: Zone;
}

/** Draws what was found on stdout, and what happened around it where that was asked for. */
export async function showFound(
  found: Found,
  { around, view }: { readonly around: Surroundings | null; readonly view: View },
): Promise<void> {
  const { isTerminal, width, paint } = describeTerminal(process.stdout);
  const canvas = { width, paint, zone: view.zone, isEndless: !isTerminal };
  const lines = [...draw(found, view, canvas)];
  if (around !== null) lines.push(...renderAround(around, canvas));
  await showAnswer([...lines, ''].join('\n'));
}

function draw(found: Found, view: View, canvas: TraceCanvas): Iterable<string> {
  const isExpanded = view.isExpanded || view.isFlat;
  switch (found.kind) {
    case 'trace': {
      const picture = pictureOf(found.opId, found.answer.events, { isExpanded });
      return view.isFlat ? renderFlat(picture, canvas) : renderTrace(picture, canvas);
    }
    case 'chain': {
      const { events } = found.answer;
      const chain = orderChain(events);
      const [only] = chain.actions;
      if (only !== undefined && chain.actions.length === 1) {
        const { opId } = only.summary;
        return draw({ kind: 'trace', opId, answer: found.answer }, view, canvas);
      }
      const picture = chainPictureOf(found.orderId, { chain, events }, { isExpanded });
      return view.isFlat ? renderFlatChain(picture, canvas) : renderChain(picture, canvas);
    }
    case 'list':
      return drawList(found, canvas);
    case 'nothing':
      throw new Error('BUG: nothing was found to be shown');
  }
}

function* drawList(found: Found & { kind: 'list' }, canvas: TraceCanvas): Generator<string> {
  const { field, id, actions, actionCount } = found;
  const count = `${actionCount} action${actionCount === 1 ? '' : 's'}, newest first`;
  const { paint } = canvas;
  yield `${paint('dim', field)} ${paint('bold', sanitizeText(id))}   ${count}`;
  yield '';
  yield* renderActions(actions, canvas);
}
