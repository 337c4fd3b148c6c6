import { randomUUID } from 'node:crypto';
import type { z } from 'zod';
import { AtbdError } from '../../engine/model/error.js';
import { toStoreError } from './server-error.js';
import type { Store } from './store.js';

/** A query with a name. Values travel as `{name:Type}` parameters, never inside the text; every query has a LIMIT. */
export interface QueryDefinition<Params extends z.ZodType, Row extends z.ZodType> {
  /** Becomes log_comment, so that the query is found in system.query_log. */
  readonly name: string;
  readonly params: Params;
  readonly row: Row;
  /** Text, or a text built from checked parameters when the columns themselves are chosen. */
  readonly sql: string | ((params: z.output<Params>) => string);
  readonly settings?: Readonly<Record<string, string | number>>;
}

export interface QueryOptions {
  /** Ends the query on every shard when it is aborted. */
  readonly signal?: AbortSignal;
  /** Rejects with CLICKHOUSE_UNREACHABLE when a shard does not answer, instead of answering in part. */
  readonly requireAll?: boolean;
}

/** Rows in the query's order, and the shards (index from 0) that did not answer: empty means a whole answer. */
export interface QueryAnswer<Row> {
  readonly rows: readonly Row[];
  readonly missingShards: readonly number[];
}

export interface NamedQuery<Params, Row> {
  (store: Store, params: Params, options?: QueryOptions): Promise<QueryAnswer<Row>>;
  /** Row by row, with bounded memory. `onMissing` is called before the first row when shards do not answer. */
  stream(
    store: Store,
    params: Params,
    options?: QueryOptions & { readonly onMissing?: (shards: readonly number[]) => void },
  ): AsyncIterable<Row>;
}

/** Settings that every question relies on, sent and not assumed. */
const SETTINGS: Readonly<Record<string, string | number>> = {
  // Off since 25.8; JSON.parse would round big integers.
  output_format_json_quote_64bit_integers: 1,
  output_format_json_quote_decimals: 1,
  date_time_output_format: 'iso',
  // A question that nobody waits for any more ends.
  cancel_http_readonly_queries_on_client_close: 1,
  // A dead shard must not hold up an answer.
  connect_timeout_with_failover_ms: 1_000,
};

/** Defines a query; the result asks it, checks its parameters and each row. */
export function defineQuery<Params extends z.ZodType, Row extends z.ZodType>(
  definition: QueryDefinition<Params, Row>,
): NamedQuery<z.input<Params>, z.output<Row>> {
  const stream: NamedQuery<z.input<Params>, z.output<Row>>['stream'] = async function* streamQuery(
    store,
    params,
    options = {},
  ) {
    const checked = definition.params.parse(params);
    const asked = await ask(definition, store, checked, options);
    if (asked.missingShards.length > 0) options.onMissing?.(asked.missingShards);
    for await (const row of rowsOf(asked, definition.name)) yield definition.row.parse(row);
  };
  const query = async (
    store: Store,
    params: z.input<Params>,
    options: QueryOptions = {},
  ): Promise<QueryAnswer<z.output<Row>>> => {
    let missingShards: readonly number[] = [];
    const onMissing = (shards: readonly number[]): void => {
      missingShards = shards;
    };
    const rows: z.output<Row>[] = [];
    for await (const row of stream(store, params, { ...options, onMissing })) rows.push(row);
    return { rows, missingShards };
  };
  return Object.assign(query, { stream });
}

interface Asked {
  readonly lines: AsyncIterable<readonly { json<T>(): T }[]>;
  readonly missingShards: readonly number[];
}

/**
 * Asks the first shard that answers. A whole answer is asked for first: the server refuses it when a
 * shard is away, which is how we know; only then the same question goes out again in part.
 */
async function ask(
  definition: QueryDefinition<z.ZodType, z.ZodType>,
  store: Store,
  params: unknown,
  options: QueryOptions,
): Promise<Asked> {
  try {
    return { lines: await send(definition, store, params, options, 0), missingShards: [] };
  } catch (cause) {
    const error = toStoreError(cause, `ask ${definition.name}`);
    if (error.code !== 'CLICKHOUSE_UNREACHABLE' || options.requireAll === true) throw error;
    const missingShards = await findMissingShards(store);
    if (missingShards.length === 0) {
      // It is back already.
      return { lines: await sendOrThrow(definition, store, params, options, 0), missingShards: [] };
    }
    const initiator = firstPresent(store.shardCount, missingShards);
    if (initiator === undefined) throw error;
    const inPart = {
      ...definition,
      settings: { ...definition.settings, skip_unavailable_shards: 1 },
    };
    return { lines: await sendOrThrow(inPart, store, params, options, initiator), missingShards };
  }
}

async function sendOrThrow(...parts: Parameters<typeof send>): Promise<Asked['lines']> {
  try {
    return await send(...parts);
  } catch (cause) {
    throw toStoreError(cause, `ask ${parts[0].name}`);
  }
}

async function send(
  { name, sql, settings }: QueryDefinition<z.ZodType, z.ZodType>,
  store: Store,
  params: unknown,
  { signal }: QueryOptions,
  initiator: number,
): Promise<Asked['lines']> {
  const client = await store.shard(initiator);
  const answer = await client.query({
    query: typeof sql === 'string' ? sql : sql(params),
    query_params: params as Record<string, unknown>,
    format: 'JSONEachRow',
    query_id: randomUUID(),
    clickhouse_settings: { ...SETTINGS, ...settings, log_comment: `atbd:${name}` },
    ...(signal === undefined ? {} : { abort_signal: signal }),
  });
  return answer.stream();
}

async function* rowsOf({ lines }: Asked, name: string): AsyncIterable<unknown> {
  try {
    for await (const batch of lines) for (const line of batch) yield line.json<unknown>();
  } catch (cause) {
    throw toStoreError(cause, `read the answer of ${name}`);
  }
}

/** Shards that do not answer now, by asking each for a sign of life. */
export async function findMissingShards(store: Store): Promise<number[]> {
  const answers = await Promise.all(
    Array.from({ length: store.shardCount }, async (_, index) => {
      const client = await store.shard(index);
      return (await client.ping()).success;
    }),
  );
  return answers.flatMap((isPresent, index) => (isPresent ? [] : [index]));
}

function firstPresent(shardCount: number, missing: readonly number[]): number | undefined {
  return Array.from({ length: shardCount }, (_, index) => index).find(
    (index) => !missing.includes(index),
  );
}

/** The warning and the exit code (3) of an answer that lacks shards. */
export function partialAnswer(missingShards: readonly number[], shardCount: number): AtbdError {
  return new AtbdError({
    code: 'PARTIAL_ANSWER',
    message: `${missingShards.length} of ${shardCount} shards did not answer (${missingShards.join(', ')}): this answer is not whole`,
    hint: 'See which shard is down: atbd status',
  });
}
