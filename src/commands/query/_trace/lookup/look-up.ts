import {
  LOOKUP_FIELDS,
  type ActionSummary,
  type LookupField,
} from '../../../../engine/model/action-summary.js';
import type { Store } from '../../../../store/clickhouse/store.js';
import type { TraceAnswer } from '../../../../store/query/trace/read-trace.js';
import { readTrace } from '../../../../store/query/trace/read-trace.js';
import type { AskedId } from './asked-id.js';

/** What there is under an ID. */
export type Found =
  /** One action. */
  | { readonly kind: 'trace'; readonly opId: string; readonly answer: TraceAnswer }
  /** All actions of an order, which tell one story. */
  | {
      readonly kind: 'chain';
      readonly orderId: string;
      readonly actionCount: number;
      readonly answer: TraceAnswer;
    }
  /** Actions that have a session, a user or a span in common, the newest first. */
  | {
      readonly kind: 'list';
      readonly field: LookupField;
      readonly id: string;
      readonly actions: readonly ActionSummary[];
      /** In all, shown or not. */
      readonly actionCount: number;
    }
  | { readonly kind: 'nothing' };

/** How to look. */
export interface LookUpOptions {
  readonly signal: AbortSignal;
  /** Called for each question that shards did not answer. */
  readonly onMissing: (shards: readonly number[]) => void;
  /** Called when the ID is one of other kinds, too. */
  readonly onAmbiguous: (fields: readonly LookupField[]) => void;
  readonly eventsMax: number;
  readonly actionsMax: number;
}

/** More actions of one order are no story that somebody follows. */
const CHAIN_ACTIONS_MAX = 1_000;

/** Looks in the order op_id, order_id, session_id, user_id, span_id, or only where it is told to. */
export async function lookUp(
  store: Store,
  { kind, id }: AskedId,
  options: LookUpOptions,
): Promise<Found> {
  if (kind === 'any' || kind === 'op_id') {
    // The fast way first: an index knows op_id, and it is what most questions are about.
    const answer = await readTrace(store, { ids: [id], limit: options.eventsMax }, options);
    if (answer.events.length > 0) return { kind: 'trace', opId: id, answer };
    if (kind === 'op_id') return { kind: 'nothing' };
  }
  const field = kind === 'any' ? await findField(store, id, options) : kind;
  if (field === undefined) return { kind: 'nothing' };
  return field === 'order_id'
    ? readChain(store, id, options)
    : readList(store, { field, id }, options);
}

async function findField(
  store: Store,
  id: string,
  options: LookUpOptions,
): Promise<LookupField | undefined> {
  const { fieldsWithId } = await import('../../../../store/query/trace/fields-with-id.js');
  const { rows, missingShards } = await fieldsWithId(store, { id }, options);
  options.onMissing(missingShards);
  const found = new Set(rows.map(({ field }) => field));
  const [first, ...others] = LOOKUP_FIELDS.filter((field) => found.has(field));
  if (others.length > 0) options.onAmbiguous(others);
  return first;
}

interface Wanted {
  readonly field: LookupField;
  readonly id: string;
}

interface Ids {
  readonly ids: readonly string[];
  readonly actionCount: number;
}

async function readIds(
  store: Store,
  wanted: Wanted & { readonly limit: number },
  options: LookUpOptions,
): Promise<Ids> {
  const { actionsWithId } = await import('../../../../store/query/trace/actions-with-id.js');
  const { rows, missingShards } = await actionsWithId(store, wanted, options);
  options.onMissing(missingShards);
  return { ids: rows.map(({ opId }) => opId), actionCount: rows[0]?.actionCount ?? 0 };
}

async function readChain(store: Store, orderId: string, options: LookUpOptions): Promise<Found> {
  const wanted = { field: 'order_id' as const, id: orderId, limit: CHAIN_ACTIONS_MAX };
  const { ids, actionCount } = await readIds(store, wanted, options);
  if (ids.length === 0) return { kind: 'nothing' };
  const answer = await readTrace(store, { ids, limit: options.eventsMax }, options);
  return { kind: 'chain', orderId, actionCount, answer };
}

async function readList(store: Store, wanted: Wanted, options: LookUpOptions): Promise<Found> {
  const { ids, actionCount } = await readIds(
    store,
    { ...wanted, limit: options.actionsMax },
    options,
  );
  const [only] = ids;
  if (only === undefined) return { kind: 'nothing' };
  if (wanted.field === 'span_id' && actionCount === 1) {
    const answer = await readTrace(store, { ids: [only], limit: options.eventsMax }, options);
    return { kind: 'trace', opId: only, answer };
  }
  const { summarizeActions } = await import('../../../../store/query/trace/summarize-actions.js');
  const { actions, missingShards } = await summarizeActions(store, ids, options);
  options.onMissing(missingShards);
  return { kind: 'list', ...wanted, actions, actionCount };
}
