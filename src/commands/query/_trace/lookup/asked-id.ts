import { AtbdError } from '../../../../engine/model/error.js';
import { LOOKUP_FIELDS, type LookupField } from '../../../../engine/model/action-summary.js';
import { quoteValue } from '../../../../engine/model/visible-text.js';

/** The ID that a question is about, and what it is an ID of; `any` where the store has to find out. */
export interface AskedId {
  readonly kind: 'any' | 'op_id' | LookupField;
  readonly id: string;
}

/** The word after the command, and the flags that say which kind of ID is meant. */
interface IdInput {
  readonly word: string | undefined;
  readonly op: string | undefined;
  readonly order: string | undefined;
  readonly session: string | undefined;
  readonly user: string | undefined;
  readonly span: string | undefined;
}

/** Exactly one of them; rejects with USAGE_INVALID else. */
export function readAskedId({ word, op, order, session, user, span }: IdInput): AskedId {
  const given = [
    { kind: 'any' as const, id: word },
    { kind: 'op_id' as const, id: op },
    { kind: 'order_id' as const, id: order },
    { kind: 'session_id' as const, id: session },
    { kind: 'user_id' as const, id: user },
    { kind: 'span_id' as const, id: span },
  ].flatMap(({ kind, id }) => (id === undefined ? [] : [{ kind, id: id.trim() }]));
  const [asked, second] = given;
  if (asked === undefined) throw usage('cannot show a trace without an ID');
  if (second !== undefined) {
    throw usage(
      `cannot look for ${quoteValue(asked.id)} and ${quoteValue(second.id)}: give one ID at a time`,
    );
  }
  if (asked.id === '') throw usage('cannot look for an empty ID');
  return asked;
}

function usage(message: string): AtbdError {
  return new AtbdError({
    code: 'USAGE_INVALID',
    message,
    hint: 'Give an op_id, or --order, --session, --user; find some with `atbd query logs --fields ts,op_id,order_id,message`.',
  });
}

/** Nothing was found, and every shard has answered. */
export function notFound({ kind, id }: AskedId): AtbdError {
  return new AtbdError({
    code: 'TRACE_NOT_FOUND',
    message: `cannot find an event with ${fieldsOf(kind)} ${quoteValue(id)} in the hot data`,
    hint: 'IDs match whole and exactly. Find some with `atbd query logs --fields ts,op_id,message`.',
  });
}

/** Nothing on the shards that answered does not mean that there is nothing. */
export function unknown({ kind, id }: AskedId, missing: readonly number[]): AtbdError {
  return new AtbdError({
    code: 'PARTIAL_ANSWER',
    message: `cannot say whether there is an event with ${fieldsOf(kind)} ${quoteValue(id)}: shard ${missing.join(', shard ')} did not answer`,
    hint: 'See which shard is down (atbd status), and ask again when it is back.',
  });
}

function fieldsOf(kind: AskedId['kind']): string {
  if (kind !== 'any') return kind;
  const [last, ...others] = ['op_id', ...LOOKUP_FIELDS].reverse();
  return `${others.reverse().join(', ')} or ${last}`;
}
