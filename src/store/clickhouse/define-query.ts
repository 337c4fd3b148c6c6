import { randomUUID } from 'node:crypto';
import type { z } from 'zod';
import { AtbdError, type ErrorCode } from '../../engine/model/error.js';
import { limitSettings } from './question-limits.js';
import { createLineReader, type ReadProgress } from './read-progress.js';
import { toStoreError } from './server-error.js';
import { ShardsLost, whileAllAnswer, type ShardWatch } from './shard-watch.js';
import type { Store } from './store.js';

/** A query with a name. Values travel as `{name:Type}` parameters, never inside the text; every query has a LIMIT. */
export interface QueryDefinition<Params extends Check, Row extends Check> {
  /** Becomes log_comment, so that the query is found in system.query_log. */
  readonly name: string;
  readonly params: Params;
  readonly row: Row;
  /** Text, or a text built from checked parameters when the columns themselves are chosen. */
  readonly sql: string | ((params: Output<Params>) => string);
  readonly settings?: Readonly<Record<string, string | number>>;
  /**
   * It stops as soon as it has its rows. The server judges a limit of rows by what the index leaves, which is far more than
   * is read then; so what is really read is counted here.
   */
  readonly stopsEarly?: boolean;
}

/** A zod schema, or whatever else makes a checked value of an unknown one and throws when it cannot. */
interface Check {
  parse(value: unknown): unknown;
}
type Output<C extends Check> = ReturnType<C['parse']>;
type Input<C extends Check> = C extends z.ZodType ? z.input<C> : Output<C>;

export interface QueryOptions {
  /** Ends the query on every shard when it is aborted. */
  readonly signal?: AbortSignal;
  /** Rejects with CLICKHOUSE_UNREACHABLE when a shard does not answer, instead of answering in part. */
  readonly requireAll?: boolean;
  /** Told what was read so far, over all shards; the last time when all is read. */
  readonly onProgress?: (progress: ReadProgress) => void;
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

/** A shard that is away is left out at once; one that is frozen takes connections, and is given this long to say hello. */
const IN_PART_SETTINGS = {
  skip_unavailable_shards: 1,
  handshake_timeout_ms: 1_000,
  connections_with_failover_max_tries: 1,
};

/** A shard that takes longer for a sign of life is away: a busy one answers within milliseconds. */
const PING_MS_MAX = 2_000;

/** Defines a query; the result asks it, checks its parameters and each row. */
export function defineQuery<Params extends Check, Row extends Check>(
  definition: QueryDefinition<Params, Row>,
): NamedQuery<Input<Params>, Output<Row>> {
  const stream: NamedQuery<Input<Params>, Output<Row>>['stream'] = async function* streamQuery(
    store,
    params,
    options = {},
  ) {
    const checked = definition.params.parse(params);
    const asked = await ask(definition, store, checked, options);
    if (asked.missingShards.length > 0) options.onMissing?.(asked.missingShards);
    for await (const row of rowsOf(asked, definition, store, options))
      yield definition.row.parse(row) as Output<Row>;
  };
  const query = async (
    store: Store,
    params: Input<Params>,
    options: QueryOptions = {},
  ): Promise<QueryAnswer<Output<Row>>> => {
    let missingShards: readonly number[] = [];
    const onMissing = (shards: readonly number[]): void => {
      missingShards = shards;
    };
    const rows: Output<Row>[] = [];
    for await (const row of stream(store, params, { ...options, onMissing })) rows.push(row);
    return { rows, missingShards };
  };
  return Object.assign(query, { stream });
}

interface Asked {
  readonly lines: AsyncIterable<readonly { json(): unknown }[]>;
  readonly missingShards: readonly number[];
}

/** A question, and the shards that it has to do without. */
interface Asking extends QueryOptions {
  readonly missing: readonly number[];
}

/**
 * Asks the first shard that answers. Who is there is asked before each question: a shard that is frozen and
 * not dead would hold up its connection for minutes. With every shard there a whole answer is asked for, and the server
 * refuses it when one goes away meanwhile; only then it may answer in part. Each round has fewer shards, so they end.
 */
async function ask(
  definition: QueryDefinition<Check, Check>,
  store: Store,
  params: unknown,
  options: QueryOptions,
): Promise<Asked> {
  let missing = await findMissingShards(store);
  for (;;) {
    try {
      return await askThoseThere(definition, store, params, { ...options, missing });
    } catch (cause) {
      const error = toStoreError(cause, `ask ${definition.name}`, store.limits);
      if (!AWAY_CODES.includes(error.code)) throw error;
      const lost = await lostShards(cause, store);
      if (lost.every((shard) => missing.includes(shard))) throw error;
      missing = union(missing, lost);
    }
  }
}

/** What a question ends with when a shard went away or froze while it ran. */
const AWAY_CODES: readonly ErrorCode[] = ['CLICKHOUSE_UNREACHABLE', 'TIMEOUT'];

async function askThoseThere(
  definition: QueryDefinition<Check, Check>,
  store: Store,
  params: unknown,
  options: Asking,
): Promise<Asked> {
  const { missing } = options;
  if (missing.length === 0) {
    return { lines: await send(definition, store, params, options), missingShards: [] };
  }
  const isWhole = options.requireAll ?? store.limits.requireAll;
  if (missing.length === store.shardCount || isWhole) throw shardsAway(definition, missing);
  const inPart = { ...definition, settings: { ...definition.settings, ...IN_PART_SETTINGS } };
  const lines = await send(inPart, store, params, options);
  // Once more, for a shard that went away between the first look and the question.
  return { lines, missingShards: union(missing, await findMissingShards(store)) };
}

function union(a: readonly number[], b: readonly number[]): number[] {
  return [...new Set([...a, ...b])].sort((x, y) => x - y);
}

function shardsAway({ name }: { readonly name: string }, missing: readonly number[]): AtbdError {
  return new AtbdError({
    code: 'CLICKHOUSE_UNREACHABLE',
    message: `cannot ask ${name}: shard ${missing.join(', ')} does not answer`,
    hint: 'See whether the shards are up: atbd status',
  });
}

/** Sends to the first shard that is there. The lines end with the caller's signal, and when a shard is lost. */
async function send(
  definition: QueryDefinition<Check, Check>,
  store: Store,
  params: unknown,
  options: Asking,
): Promise<Asked['lines']> {
  const { name, sql, settings } = definition;
  const { signal, missing } = options;
  const client = await store.shard(firstPresent(store.shardCount, missing));
  const giveUp = new AbortController();
  const watch = { look: () => findMissingShards(store), missing, giveUp };
  const answer = await whileAllAnswer(
    client.query({
      query: typeof sql === 'string' ? sql : sql(params),
      query_params: params as Record<string, unknown>,
      format: isTracked(definition, store, options) ? 'JSONEachRowWithProgress' : 'JSONEachRow',
      query_id: randomUUID(),
      clickhouse_settings: {
        ...SETTINGS,
        ...limitSettings(store.limits, definition),
        ...settings,
        log_comment: `atbd:${name}`,
      },
      abort_signal: signal === undefined ? giveUp.signal : AbortSignal.any([signal, giveUp.signal]),
    }),
    watch,
  );
  return watchedLines(answer.stream(), watch);
}

async function* watchedLines<T>(lines: AsyncIterable<T>, watch: ShardWatch): AsyncIterable<T> {
  const iterator = lines[Symbol.asyncIterator]();
  try {
    for (;;) {
      const next = await whileAllAnswer(iterator.next(), watch);
      if (next.done === true) return;
      yield next.value;
    }
  } finally {
    // Whoever stops reading early lets go of the connection.
    if (!watch.giveUp.signal.aborted) await iterator.return?.();
  }
}

async function* rowsOf(
  { lines }: Asked,
  definition: QueryDefinition<Check, Check>,
  store: Store,
  options: QueryOptions,
): AsyncIterable<unknown> {
  const doing = `read the whole answer of ${definition.name}`;
  const { scan } = store.limits;
  const readLine = isTracked(definition, store, options)
    ? createLineReader({ doing, scan, onProgress: options.onProgress })
    : (line: unknown) => line;
  try {
    for await (const batch of lines) {
      for (const line of batch) {
        const row = readLine(line.json());
        if (row !== undefined) yield row;
      }
    }
  } catch (cause) {
    throw toStoreError(cause, doing, store.limits);
  }
}

/** Whether the server says what it reads, between the rows. */
function isTracked(
  { stopsEarly }: QueryDefinition<Check, Check>,
  { limits }: Store,
  { onProgress }: QueryOptions,
): boolean {
  return onProgress !== undefined || (stopsEarly === true && limits.scan !== null);
}

/** Shards that do not answer now, by asking each for a sign of life. */
export async function findMissingShards(store: Store): Promise<number[]> {
  const answers = await Promise.all(
    Array.from({ length: store.shardCount }, async (_, index) => {
      const client = await store.shard(index);
      const signal = AbortSignal.timeout(PING_MS_MAX);
      return (await client.ping({ select: false, abort_signal: signal })).success;
    }),
  );
  return answers.flatMap((isPresent, index) => (isPresent ? [] : [index]));
}

/** Those that the watch saw freeze, or else those that do not answer now. */
async function lostShards(cause: unknown, store: Store): Promise<readonly number[]> {
  return cause instanceof ShardsLost ? cause.shards : findMissingShards(store);
}

function firstPresent(shardCount: number, missing: readonly number[]): number {
  const indexes = Array.from({ length: shardCount }, (_, index) => index);
  const present = indexes.find((index) => !missing.includes(index));
  if (present === undefined) throw new Error('BUG: no shard is left to ask');
  return present;
}
