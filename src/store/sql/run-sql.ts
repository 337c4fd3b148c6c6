import { randomUUID } from 'node:crypto';
import type { Readable } from 'node:stream';
import type { DataFormat } from '@clickhouse/client';
import { askFirst, type FirstTarget } from '../clickhouse/ask-all.js';
import { limitSettings } from '../clickhouse/question-limits.js';
import { findMissingShards } from '../clickhouse/send-query.js';
import { whileAllAnswer, type ShardWatch } from '../clickhouse/shard-watch.js';
import type { Store } from '../clickhouse/store.js';
import { readChunks } from './chunk-reader.js';
import { ExceptionSplitter } from './exception-splitter.js';
import { toSqlError } from './sql-error.js';

/** A statement of the user's own. */
export interface SqlStatement {
  readonly sql: string;
  /** Values of its `{name:Type}`, as they were typed. */
  readonly params: Readonly<Record<string, string>>;
  /** The server's name of a format, where the text does not say FORMAT itself. */
  readonly defaultFormat: string;
  readonly settings: Readonly<Record<string, string | number>>;
}

/** What the server answers. */
export interface SqlAnswer {
  /** The format of the bytes; undefined where there are none to come. */
  readonly format: string | undefined;
  /** Shards (index from 0) that have no part in it. */
  readonly missingShards: readonly number[];
  /** As they come, with bounded memory. Rejects when the answer breaks off, whatever was given out before. */
  readonly bytes: AsyncIterable<Buffer>;
}

/** Settings that a statement relies on, sent and not assumed; all else is as the server has it. */
const SETTINGS: Readonly<Record<string, string | number>> = {
  // Whoever the context's user is: it changes nothing. Limits can still be set.
  readonly: 2,
  // A statement that nobody waits for any more ends, on every shard.
  cancel_http_readonly_queries_on_client_close: 1,
  connect_timeout_with_failover_ms: 1_000,
  // What breaks off is told apart from the answer by its tag.
  http_write_exception_in_output_format: 0,
};

/** Runs a statement on the first shard that answers; what it asks of Distributed tables it asks of all. */
export async function runSql(
  store: Store,
  statement: SqlStatement,
  { signal }: { readonly signal: AbortSignal },
): Promise<SqlAnswer> {
  const { answer, missingShards } = await askFirst(store, {
    name: 'sql',
    requireAll: store.limits.requireAll,
    toError: (cause) => sqlError(cause, { store, statement, hasBegun: false }),
    send: (target) => sendSql(store, statement, { target, signal }),
  });
  return { ...answer, missingShards };
}

interface Sending {
  readonly target: FirstTarget;
  readonly signal: AbortSignal;
}

async function sendSql(
  store: Store,
  statement: SqlStatement,
  { target, signal }: Sending,
): Promise<Omit<SqlAnswer, 'missingShards'>> {
  const { sql, params, defaultFormat } = statement;
  const client = await store.shard(target.shard);
  const giveUp = new AbortController();
  const end = AbortSignal.any([signal, giveUp.signal]);
  const watch: ShardWatch = {
    look: () => findMissingShards(store),
    missing: target.missing,
    giveUp,
  };
  const { seconds } = store.limits;
  const { stream, response_headers: headers } = await whileAllAnswer(
    client.exec({
      query: sql,
      query_params: params,
      query_id: randomUUID(),
      clickhouse_settings: {
        ...SETTINGS,
        ...limitSettings(store.limits, {}),
        ...target.settings,
        ...statement.settings,
        // Whoever reads slowly has as long as the statement itself.
        http_send_timeout: seconds,
        // Whatever the server knows, also what the client has no name for.
        default_format: defaultFormat as DataFormat,
        log_comment: 'atbd:sql',
      },
      abort_signal: end,
    }),
    watch,
  );
  return {
    format: headerText(headers['x-clickhouse-format']),
    bytes: readBytes(stream, {
      ...{ store, statement, watch, end },
      tag: headerText(headers['x-clickhouse-exception-tag']),
    }),
  };
}

function headerText(value: string | readonly string[] | undefined): string | undefined {
  return typeof value === 'string' ? value : value?.[0];
}

interface Reading {
  readonly store: Store;
  readonly statement: SqlStatement;
  readonly watch: ShardWatch;
  readonly end: AbortSignal;
  readonly tag: string | undefined;
}

async function* readBytes(
  stream: Readable,
  { store, statement, watch, end, tag }: Reading,
): AsyncGenerator<Buffer> {
  // The client listens to the signal until the answer begins, and no longer.
  const close = (): void => {
    stream.destroy();
  };
  end.addEventListener('abort', close, { once: true });
  // Without a tag the server is too old to tell: then the connection is cut, which is an error by itself.
  const splitter = new ExceptionSplitter(tag ?? randomUUID());
  const chunks = readChunks(stream);
  let hasBegun = false;
  try {
    for (;;) {
      end.throwIfAborted();
      const chunk = await whileAllAnswer(chunks.next(), watch);
      const bytes = chunk === undefined ? splitter.end() : splitter.push(chunk);
      hasBegun ||= bytes.length > 0;
      if (bytes.length > 0) yield bytes;
      if (chunk === undefined) break;
    }
    if (splitter.exception !== undefined) throw serverError(splitter.exception);
    end.throwIfAborted();
  } catch (cause) {
    const reason: unknown = end.aborted ? end.reason : cause;
    const told = splitter.exception;
    const error = told === undefined || end.aborted ? reason : serverError(told);
    throw sqlError(error, { store, statement, hasBegun });
  } finally {
    end.removeEventListener('abort', close);
    stream.destroy();
  }
}

interface Failure {
  readonly store: Store;
  readonly statement: SqlStatement;
  readonly hasBegun: boolean;
}

function sqlError(cause: unknown, { store, statement, hasBegun }: Failure) {
  return toSqlError(cause, { sql: statement.sql, limits: store.limits, hasBegun });
}

/** The words of an exception, as the client makes an error of those that come in time. */
function serverError(text: string): Error {
  const groups = /^Code: (?<code>\d+)\. DB::Exception: (?<words>[\s\S]*)$/u.exec(text)?.groups;
  if (groups === undefined) return new Error(text);
  return Object.assign(new Error(groups['words']), { code: groups['code'] });
}
