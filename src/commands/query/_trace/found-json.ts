import type { Surroundings } from '../../../engine/model/surroundings.js';
import { sanitizeJson } from '../../_cli/sanitize.js';
import { describeSurroundings } from './around/around-json.js';
import { describeChain } from './chain/chain-json.js';
import { describeAction } from './list/action-json.js';
import type { Found } from './lookup/look-up.js';
import { orderChain } from './chain/order-chain.js';
import { describeTrace } from './trace-json.js';

/**
 * What was found as one JSON document: `{ trace, events }` of an action, `{ order, events }` of an order, `{ actions }` of a
 * session or a user; `around` where it was asked for. An event or action a line; every event, whatever a view would fold.
 */
export function foundToJson(
  found: Found,
  {
    around,
    missing,
  }: { readonly around: Surroundings | null; readonly missing: readonly number[] },
): string {
  const missingShards = missing;
  const surroundings = around === null ? {} : { around: describeSurroundings(around) };
  switch (found.kind) {
    case 'trace': {
      const { events, eventCount } = found.answer;
      const counts = { eventCount, isTruncated: events.length < eventCount, missingShards };
      const trace = { ...describeTrace(found.opId, events), ...counts };
      return withLines(
        { trace, ...surroundings },
        'events',
        events.map(({ event }) => event),
      );
    }
    case 'chain': {
      const { events, eventCount } = found.answer;
      const counts = {
        actionCount: found.actionCount,
        eventCount,
        isTruncated: events.length < eventCount,
        missingShards,
      };
      const order = { ...describeChain(found.orderId, orderChain(events)), ...counts };
      return withLines(
        { order, ...surroundings },
        'events',
        events.map(({ event }) => event),
      );
    }
    case 'list': {
      const { field, id, actions, actionCount } = found;
      const isTruncated = actions.length < actionCount;
      const head = { by: { field, id }, actionCount, isTruncated, missingShards };
      return withLines(head, 'actions', actions.map(describeAction));
    }
    case 'nothing':
      throw new Error('BUG: nothing was found to be shown');
  }
}

/** The head's members, then an array with a line for each of its items. */
function withLines(
  head: Readonly<Record<string, unknown>>,
  name: string,
  items: readonly unknown[],
): string {
  const members = Object.entries(head).map(([key, value]) => `"${key}":${sanitizeJson(value)}`);
  return `{${members.join(',')},"${name}":[\n${items.map(sanitizeJson).join(',\n')}\n]}\n`;
}
