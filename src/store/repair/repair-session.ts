import type { ClickHouseClient } from '@clickhouse/client';
import type { Chunk } from '../../engine/model/chunk.js';
import { AtbdError } from '../../engine/model/error.js';
import { toStoreError } from '../clickhouse/server-error.js';
import type { Store } from '../clickhouse/store.js';

/** Tables of a repair begin so, and are dropped by the next one if it was killed. */
const TABLE_PREFIX = 'repair_';

/** Named in system.processes, so that the next repair can wait for what a killed one left running. */
const LOG_COMMENT = 'atbd:repair';

/** Longer than any insert may take (`write/chunk-store.ts`), and looked at this often. */
const STATEMENTS_MS_MAX = 150_000;
const POLL_MS = 50;

const SETTINGS = {
  log_comment: LOG_COMMENT,
  wait_end_of_query: 1,
  async_insert: 0,
  // What is put in is decided by what is there, not by what was sent before: a row that was deleted by hand would be dropped.
  insert_deduplicate: 0,
  // 2: on all replicas.
  mutations_sync: '2',
  alter_sync: '2',
  // A comparison without one shard would put a second row beside its own.
  skip_unavailable_shards: 0,
  output_format_json_quote_64bit_integers: 1,
  input_format_parallel_parsing: 0,
  throw_on_max_partitions_per_insert_block: 0,
  exclude_materialize_skip_indexes_on_insert: 'message_words',
  optimize_on_insert: 0,
} as const;

type Params = Record<string, unknown>;

/** One statement, its parameters, and settings beyond those of every repair. */
export interface RepairStatement {
  readonly query: string;
  readonly params?: Params;
  readonly settings?: Readonly<Record<string, string | number>>;
  readonly values?: NodeJS.ReadableStream;
}

/** The shards as one repair uses them: its own tables, and statements that say whose they are. */
export class RepairSession {
  readonly #store: Store;
  readonly #id: string;
  #statements = 0;

  constructor(store: Store, id: string) {
    this.#store = store;
    this.#id = id;
  }

  get shardCount(): number {
    return this.#store.shardCount;
  }

  /** A table of this repair alone: a repair that was stopped by another one never finds the other's. */
  table(name: string): string {
    return `atbd.${TABLE_PREFIX}${this.#id}_${name}`;
  }

  /**
   * The views take a chunk's address from the token (migration 0002) and leave its last number alone. Here that is another one each
   * time: an INSERT SELECT with a token is dropped when the table knows it, whatever `insert_deduplicate` says.
   */
  tokenOf({ topic, epoch, partition, first, last }: Chunk): string {
    this.#statements += 1;
    const unique = `${BigInt(`0x${this.#id}`).toString()}${this.#statements}`;
    return `${topic}:e${epoch}:p${partition}:${first.toString()}-${last.toString()}:s${unique}`;
  }

  /** Waits for statements of an earlier repair and drops its tables, on every shard. */
  async open(signal: AbortSignal): Promise<void> {
    await this.untilStatementsEnd(LOG_COMMENT, signal);
    await this.#onAll((shard) => this.#dropTables(shard, TABLE_PREFIX, signal));
  }

  async close(): Promise<void> {
    const { signal } = new AbortController();
    await this.#onAll((shard) => this.#dropTables(shard, `${TABLE_PREFIX}${this.#id}_`, signal));
  }

  async #dropTables(shard: number, prefix: string, signal: AbortSignal): Promise<void> {
    const tables = await this.select<{ name: string }>(
      shard,
      {
        query: `SELECT name FROM system.tables WHERE database = 'atbd' AND startsWith(name, {prefix:String}) LIMIT 1000`,
        params: { prefix },
      },
      signal,
    );
    for (const { name } of tables)
      await this.run(shard, { query: `DROP TABLE IF EXISTS atbd.\`${name}\`` }, signal);
  }

  /** Until none of this name runs on any shard. */
  async untilStatementsEnd(logComment: string, signal: AbortSignal): Promise<void> {
    await this.#onAll(async (shard) => {
      for (let waitedMs = 0; ; waitedMs += POLL_MS) {
        const running = await this.select(
          shard,
          {
            query: `SELECT query_id FROM system.processes WHERE Settings['log_comment'] = {name:String} AND query_id != queryID() LIMIT 1`,
            params: { name: logComment },
          },
          signal,
        );
        if (running.length === 0) return;
        if (waitedMs >= STATEMENTS_MS_MAX) throw statementsDoNotEnd(shard);
        await new Promise((resolve) => setTimeout(resolve, POLL_MS));
      }
    });
  }

  async #onAll(each: (shard: number) => Promise<void>): Promise<void> {
    await Promise.all(Array.from({ length: this.shardCount }, (_, shard) => each(shard)));
  }

  async run(shard: number, statement: RepairStatement, signal: AbortSignal): Promise<void> {
    const { query, params = {}, settings = {}, values } = statement;
    await this.#guarded(shard, async (client) => {
      const { stream } = await client.exec({
        query,
        query_params: params,
        clickhouse_settings: { ...SETTINGS, ...settings },
        abort_signal: signal,
        ...(values !== undefined && { values: values as never }),
      });
      // The answer is empty; it must be read for the connection to be used again.
      stream.resume();
      await new Promise((resolve, reject) => stream.once('end', resolve).once('error', reject));
    });
  }

  async select<Row>(
    shard: number,
    { query, params = {}, settings = {} }: RepairStatement,
    signal: AbortSignal,
  ): Promise<Row[]> {
    return this.#guarded(shard, async (client) => {
      const answer = await client.query({
        query,
        query_params: params,
        clickhouse_settings: { ...SETTINGS, ...settings },
        abort_signal: signal,
        format: 'JSONEachRow',
      });
      return answer.json<Row>();
    });
  }

  async #guarded<T>(shard: number, use: (client: ClickHouseClient) => Promise<T>): Promise<T> {
    try {
      return await use(await this.#store.shard(shard));
    } catch (cause) {
      throw toStoreError(cause, `repair shard ${shard}`);
    }
  }

  /** The text of a view as the server has it, reading from other tables than its own. */
  async viewText(
    shard: number,
    {
      view,
      from,
      instead,
    }: { readonly view: string; readonly from: string; readonly instead: string },
    signal: AbortSignal,
  ): Promise<string> {
    const [row] = await this.select<{ text: string }>(
      shard,
      {
        query: `SELECT as_select AS text FROM system.tables WHERE database = 'atbd' AND name = {view:String} LIMIT 1`,
        params: { view },
      },
      signal,
    );
    const parts = row?.text.split(new RegExp(`FROM atbd\\.${from}\\b`)) ?? [];
    const [head, tail] = parts;
    if (head === undefined || tail === undefined || parts.length !== 2)
      throw viewNotKnown(view, shard);
    return `${head}FROM ${instead}${tail}`;
  }

  /** The columns of a table but those that the server fills itself: the time of the insert. */
  async filledColumns(
    shard: number,
    table: string,
    signal: AbortSignal,
  ): Promise<readonly string[]> {
    const rows = await this.select<{ name: string }>(
      shard,
      {
        query: `SELECT name FROM system.columns WHERE database = 'atbd' AND table = {table:String} AND default_kind = ''
          ORDER BY position LIMIT 1000`,
        params: { table },
      },
      signal,
    );
    return rows.map(({ name }) => name);
  }

  /** Copies all rows of one of this repair's tables into one of the same form. No view notices. Returns when they are there. */
  async attachAll(
    shard: number,
    { name, to }: { readonly name: string; readonly to: string },
    signal: AbortSignal,
  ): Promise<void> {
    const [, table] = this.table(name).split('.');
    const partitions = await this.select<{ id: string }>(
      shard,
      {
        query: `SELECT DISTINCT partition_id AS id FROM system.parts
          WHERE database = 'atbd' AND table = {table:String} AND active ORDER BY id LIMIT 1000000`,
        params: { table },
      },
      signal,
    );
    for (const { id } of partitions) {
      if (!/^[\w-]+$/.test(id)) throw new Error(`BUG: a partition with the id ${id}`);
      const query = `ALTER TABLE atbd.${to} ATTACH PARTITION ID '${id}' FROM ${this.table(name)}`;
      await this.run(shard, { query }, signal);
    }
  }
}

function statementsDoNotEnd(shard: number): AtbdError {
  return new AtbdError({
    code: 'TIMEOUT',
    message: `cannot begin to repair: a statement from before has not ended on shard ${shard}`,
    hint: 'Another repair is running, or an insert hangs: look at system.processes of that shard, and run it again.',
  });
}

function viewNotKnown(view: string, shard: number): AtbdError {
  return new AtbdError({
    code: 'CLICKHOUSE_REFUSED',
    message: `cannot repair shard ${shard}: its view ${view} is not one that this version knows`,
    hint: 'Bring the schema up to date first: atbd migrate',
  });
}
