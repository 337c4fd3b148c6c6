import { randomUUID } from 'node:crypto';
import type { AtbdError, ErrorCode } from '../../engine/model/error.js';
import { limitSettings } from './question-limits.js';
import { createLineReader, type ReadProgress } from './read-progress.js';
import { toStoreError } from './server-error.js';
import { whileAllAnswer, type ShardWatch } from './shard-watch.js';
import type { Store } from './store.js';

/** What is sent to a server: the text, its settings, and a name that becomes log_comment. */
export interface QueryText {
  readonly name: string;
  readonly sql: string;
  /** Values by name; they reach the server as parameters only. */
  readonly params: Readonly<Record<string, unknown>>;
  readonly settings: Readonly<Record<string, string | number>> | undefined;
  readonly stopsEarly: boolean;
}

/** Which shard is asked, and what the answer hangs on. */
export interface SendOptions {
  readonly shard: number;
  /** Shards that give no sign of life now, of those that the answer needs. */
  readonly look: ShardWatch['look'];
  /** Shards that the question does without. */
  readonly missing: readonly number[];
  readonly signal: AbortSignal | undefined;
  /** Told what was read so far, and throws when that is too much; the server says it between the rows. */
  readonly onProgress: ((progress: ReadProgress) => void) | undefined;
}

/** An answer as it comes, many rows at a time. Once: whoever began goes on to the end or leaves the loop. */
export interface Answer extends AsyncIterable<readonly unknown[]> {
  /** For whoever is not going to read it. */
  close(): void;
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

/** Asks one shard. The answer ends with the caller's signal, and when a shard that it hangs on is lost. */
export async function sendQuery(
  store: Store,
  query: QueryText,
  { shard, look, missing, signal, onProgress }: SendOptions,
): Promise<Answer> {
  const { name, sql, params, settings } = query;
  const client = await store.shard(shard);
  const giveUp = new AbortController();
  const end = signal === undefined ? giveUp.signal : AbortSignal.any([signal, giveUp.signal]);
  const watch = { look, missing, giveUp };
  const answer = await whileAllAnswer(
    client.query({
      query: sql,
      query_params: params,
      format: onProgress === undefined ? 'JSONEachRow' : 'JSONEachRowWithProgress',
      query_id: randomUUID(),
      clickhouse_settings: {
        ...SETTINGS,
        ...limitSettings(store.limits, query),
        ...settings,
        log_comment: `atbd:${name}`,
      },
      abort_signal: end,
    }),
    watch,
  );
  const readLine = onProgress && createLineReader(onProgress);
  return {
    [Symbol.asyncIterator]: () => readRows(answer, { watch, readLine, query, store, end }),
    close: () => {
      answer.close();
    },
  };
}

/** What the client gives. */
interface RawAnswer {
  stream(): AsyncIterable<readonly { json(): unknown }[]>;
  close(): void;
}

interface Reading {
  readonly watch: ShardWatch;
  /** The row of a line, undefined for a line that has none; undefined where every line is a row. */
  readonly readLine: ((line: unknown) => unknown) | undefined;
  readonly query: QueryText;
  readonly store: Store;
  readonly end: AbortSignal;
}

async function* readRows(
  answer: RawAnswer,
  { watch, readLine, query, store, end }: Reading,
): AsyncGenerator<readonly unknown[]> {
  // The client listens to the signal until the answer begins, and no longer.
  const close = (): void => {
    answer.close();
  };
  end.addEventListener('abort', close, { once: true });
  const lines = answer.stream()[Symbol.asyncIterator]();
  try {
    for (;;) {
      end.throwIfAborted();
      const next = await whileAllAnswer(lines.next(), watch);
      if (next.done === true) return;
      const rows = next.value.map((line) => line.json());
      yield readLine === undefined ? rows : rows.map(readLine).filter((row) => row !== undefined);
    }
  } catch (cause) {
    const reason: unknown = end.aborted ? end.reason : cause;
    throw toStoreError(reason, doingOf(query), store.limits);
  } finally {
    end.removeEventListener('abort', close);
    // Whoever stops reading early lets go of the connection.
    if (!end.aborted) await lines.return?.();
  }
}

/** What fails when an answer that has begun does not come to its end. */
export function doingOf({ name }: Pick<QueryText, 'name'>): string {
  return `read the whole answer of ${name}`;
}

/** What a question ends with when a shard went away or froze while it ran. */
const AWAY_CODES: readonly ErrorCode[] = ['CLICKHOUSE_UNREACHABLE', 'TIMEOUT'];

/** Whether the failure may be a shard that went away; else it is the question's own. */
export function isAway({ code }: AtbdError): boolean {
  return AWAY_CODES.includes(code);
}

/** A shard that takes longer for a sign of life is away: a busy one answers within milliseconds. */
const PING_MS_MAX = 2_000;

/** Those of the shards that do not answer now, by asking each for a sign of life. */
export async function findMissingShards(
  store: Store,
  shards: readonly number[] = allShards(store),
): Promise<number[]> {
  const answers = await Promise.all(
    shards.map(async (shard) => {
      const client = await store.shard(shard);
      const signal = AbortSignal.timeout(PING_MS_MAX);
      return (await client.ping({ select: false, abort_signal: signal })).success;
    }),
  );
  return shards.filter((_, index) => answers[index] !== true);
}

/** Indexes of all shards. */
export function allShards({ shardCount }: Store): number[] {
  return Array.from({ length: shardCount }, (_, index) => index);
}
