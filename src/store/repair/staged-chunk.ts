import { Readable } from 'node:stream';
import type { Chunk } from '../../engine/model/chunk.js';
import { encodeHole } from '../../engine/model/record-row.js';
import type {
  ComparisonDepth,
  LedgerCounts,
  MendedTable,
  RowDifference,
  StagedChunk,
} from '../../engine/model/repair.js';
import type { RepairSession } from './repair-session.js';

/** Offsets that one statement names: a request of some hundred kilobytes. */
const OFFSETS_PER_STATEMENT = 10_000;

const TABLES: readonly MendedTable[] = ['events', 'dead_letters'];

const INTAKE_COLUMNS = `offset UInt64, queue_time DateTime64(3, \\'UTC\\'), is_backfill UInt8, reason String, key String, raw String`;

const WHERE_PARTITION =
  'topic = {topic:String} AND epoch = {epoch:UInt32} AND partition = {partition:UInt32}';

/** What the server says of the tables and views that a repair copies; the same for all chunks of a shard. */
export interface ShardTexts {
  readonly judged: string;
  readonly events: string;
  readonly dead_letters: string;
  readonly ledger: string;
  /** Columns that the views fill, in the order of the table. */
  readonly columns: Readonly<Record<MendedTable | 'ledger' | 'judged', readonly string[]>>;
}

/** Reads what is needed and makes the tables of the session on a shard. */
export async function prepareShard(
  session: RepairSession,
  shard: number,
  signal: AbortSignal,
): Promise<ShardTexts> {
  const judged = session.table('judged');
  const view = (name: string, from: string, instead: string): Promise<string> =>
    session.viewText(shard, { view: name, from, instead }, signal);
  const columnsOf = (table: string): Promise<readonly string[]> =>
    session.filledColumns(shard, table, signal);
  const ofJudged = (name: string): Promise<string> => view(`judged_to_${name}`, 'judged', judged);
  await session.run(
    shard,
    { query: `CREATE TABLE ${judged} AS atbd.judged ENGINE = Memory` },
    signal,
  );
  for (const table of TABLES) {
    const query = `CREATE TABLE ${session.table(table)} AS atbd.${table}_local`;
    await session.run(shard, { query }, signal);
  }
  return {
    judged: await view('intake_to_judged', 'intake', `input_of_chunk`),
    events: await ofJudged('events'),
    dead_letters: await ofJudged('dead_letters'),
    ledger: await ofJudged('ledger'),
    columns: {
      judged: await columnsOf('judged'),
      events: await columnsOf('events_local'),
      dead_letters: await columnsOf('dead_letters_local'),
      ledger: await columnsOf('ledger_local'),
    },
  };
}

/** Sends the chunk's rows into the session's table. */
export async function stageChunk(
  session: RepairSession,
  texts: ShardTexts,
  { chunk, signal }: { readonly chunk: Chunk; readonly signal: AbortSignal },
): Promise<StagedChunk> {
  const { shard, runs, hasItems = false } = chunk;
  const judged = session.table('judged');
  const withItem = hasItems && runs.length > 0;
  const input = withItem
    ? `(SELECT * FROM input('${INTAKE_COLUMNS}, item UInt32'))`
    : `(SELECT *, toUInt32(0) AS item FROM input('${INTAKE_COLUMNS}'))`;
  await session.run(shard, { query: `TRUNCATE TABLE ${judged}` }, signal);
  const columns = texts.columns.judged.join(', ');
  const text = texts.judged.replace('input_of_chunk', () => input);
  const rows = runs.length === 0 ? [encodeHole(chunk.first)] : runs.map((run) => run.rows());
  await session.run(
    shard,
    {
      query: `INSERT INTO ${judged} (${columns}) SELECT ${columns} FROM (${text}) FORMAT RowBinary`,
      values: Readable.from(rows, { objectMode: false }),
      settings: { insert_deduplication_token: session.tokenOf(chunk) },
    },
    signal,
  );
  return new Staged(session, texts, chunk);
}

class Staged implements StagedChunk {
  readonly #session: RepairSession;
  readonly #texts: ShardTexts;
  readonly #chunk: Chunk;
  readonly #params: Readonly<Record<string, unknown>>;

  constructor(session: RepairSession, texts: ShardTexts, chunk: Chunk) {
    const { topic, epoch, partition, first, last } = chunk;
    this.#session = session;
    this.#texts = texts;
    this.#chunk = chunk;
    this.#params = { topic, epoch, partition, first: String(first), last: String(last) };
  }

  async differences(depth: ComparisonDepth, signal: AbortSignal): Promise<RowDifference[]> {
    const found: RowDifference[] = [];
    for (const table of TABLES) {
      const rows = await this.#select<{ offset: string; misplaced: number }>(
        this.#differencesSql(table, depth),
        {},
        signal,
      );
      const altered = rows.filter(({ misplaced }) => misplaced === 0).map(({ offset }) => offset);
      const columns = await this.#alteredColumns(table, altered, signal);
      for (const { offset, misplaced } of rows) {
        const isMisplaced = misplaced !== 0;
        found.push({
          ...{ table, offset: BigInt(offset), isMisplaced },
          columns: isMisplaced ? [] : (columns.get(offset) ?? []),
        });
      }
    }
    return found;
  }

  /** A letter that was dropped on purpose is missed by nobody. */
  #expected(table: MendedTable): string {
    if (table === 'events') return `(${this.#texts.events})`;
    return `(SELECT * FROM (${this.#texts.dead_letters}) WHERE offset NOT IN (${DROPPED_SQL}))`;
  }

  /** Stored on any shard, of the offsets that were staged. */
  #stored(table: MendedTable): string {
    const dropped = table === 'events' ? '' : `AND offset GLOBAL NOT IN (${DROPPED_SQL})`;
    return `(SELECT * FROM atbd.${table}
      WHERE ${WHERE_PARTITION} AND offset >= {first:UInt64} AND offset <= {last:UInt64}
        AND offset GLOBAL IN (SELECT offset FROM ${this.#session.table('judged')} WHERE why != 'hole') ${dropped})`;
  }

  #differencesSql(table: MendedTable, depth: ComparisonDepth): string {
    const item = table === 'events' ? 'item' : '0';
    const contents = this.#texts.columns[table].map(textOfColumn).join(', ');
    const hash = depth === 'contents' ? `sipHash64(${contents})` : 'toUInt64(0)';
    const side = (from: string, expected: 0 | 1): string =>
      `SELECT offset, ${item} AS nth, ${hash} AS hash, ${expected} AS expected FROM ${from}`;
    return `
      SELECT toString(offset) AS offset, max(is_misplaced) AS misplaced
      FROM (
        SELECT offset AS offset, toUInt8(sum(expected) != 1 OR count() != 2) AS is_misplaced
        FROM (${side(this.#expected(table), 1)} UNION ALL ${side(this.#stored(table), 0)})
        GROUP BY offset, nth
        HAVING is_misplaced OR min(hash) != max(hash)
      )
      GROUP BY offset ORDER BY toUInt64(offset)
      LIMIT 1000000`;
  }

  async #alteredColumns(
    table: MendedTable,
    offsets: readonly string[],
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, readonly string[]>> {
    const item = table === 'events' ? ', item' : '';
    const columns = this.#texts.columns[table];
    const named = (as: string): string =>
      columns.map((name) => `${textOfColumn(name)} AS ${as}_${name}`).join(', ');
    const differs = columns.map((name) => `was_${name} != is_${name}`).join(', ');
    const names = columns.map((name) => `'${name}'`).join(', ');
    const found = new Map<string, readonly string[]>();
    for (const part of partsOf(offsets)) {
      const rows = await this.#select<{ at: string; columns: string[] }>(
        `
        SELECT toString(offset) AS at, arraySort(groupUniqArrayArray(arrayFilter((name, is) -> is, [${names}], [${differs}]))) AS columns
        FROM (SELECT offset${item}, ${named('was')} FROM ${this.#expected(table)} WHERE offset IN {offsets:Array(UInt64)}) AS expected
        INNER JOIN (SELECT offset${item}, ${named('is')} FROM ${this.#stored(table)} WHERE offset IN {offsets:Array(UInt64)}) AS stored
          USING (offset${item})
        GROUP BY offset ORDER BY toUInt64(at)
        LIMIT 1000000`,
        { offsets: part.map(BigInt) },
        signal,
      );
      for (const row of rows) found.set(row.at, row.columns);
    }
    return found;
  }

  async mendRows(differences: readonly RowDifference[], signal: AbortSignal): Promise<void> {
    for (const table of TABLES) {
      const offsets = differences
        .filter((difference) => difference.table === table)
        .map(({ offset }) => offset);
      for (const part of partsOf(offsets)) {
        await this.#remove(table, part, signal);
        await this.#putIn(table, part, signal);
      }
    }
  }

  async #remove(
    table: MendedTable,
    offsets: readonly bigint[],
    signal: AbortSignal,
  ): Promise<void> {
    const where = `${WHERE_PARTITION} AND offset IN {offsets:Array(UInt64)}`;
    await this.#removeFromAll(`${table}_local`, where, { offsets }, signal);
  }

  /** A mutation looks into every part, so it runs only where there is something. */
  async #removeFromAll(
    table: string,
    where: string,
    params: Readonly<Record<string, unknown>>,
    signal: AbortSignal,
  ): Promise<void> {
    const all = { ...this.#params, ...params };
    for (let shard = 0; shard < this.#session.shardCount; shard += 1) {
      const query = `SELECT 1 AS one FROM atbd.${table} WHERE ${where} LIMIT 1`;
      const rows = await this.#session.select(shard, { query, params: all }, signal);
      if (rows.length === 0) continue;
      const remove = `ALTER TABLE atbd.${table} DELETE WHERE ${where}`;
      await this.#session.run(shard, { query: remove, params: all }, signal);
    }
  }

  /** By parts and not by INSERT: the views of figures hang on the table, and have counted these rows long ago. */
  async #putIn(table: MendedTable, offsets: readonly bigint[], signal: AbortSignal): Promise<void> {
    const { shard } = this.#chunk;
    const staged = this.#session.table(table);
    const columns = this.#texts.columns[table].join(', ');
    await this.#session.run(shard, { query: `TRUNCATE TABLE ${staged}` }, signal);
    await this.#run(
      `INSERT INTO ${staged} (${columns})
       SELECT ${columns} FROM ${this.#expected(table)} WHERE offset IN {offsets:Array(UInt64)}`,
      { offsets },
      signal,
    );
    await this.#session.attachAll(shard, { name: table, to: `${table}_local` }, signal);
  }

  async ledgerCounts(signal: AbortSignal): Promise<LedgerCounts> {
    const query = `SELECT stored, dead, more FROM (${this.#texts.ledger}) LIMIT 1`;
    const [row] = await this.#select<Record<keyof LedgerCounts, string>>(query, {}, signal);
    if (!row) throw new Error('BUG: a chunk without a ledger line');
    return { stored: Number(row.stored), dead: Number(row.dead), more: Number(row.more) };
  }

  async writeLedgerLine(signal: AbortSignal): Promise<void> {
    const where = `${WHERE_PARTITION} AND first = {first:UInt64} AND last = {last:UInt64}`;
    await this.#removeFromAll('ledger_local', where, {}, signal);
    const columns = this.#texts.columns.ledger.join(', ');
    const query = `INSERT INTO atbd.ledger_local (${columns}) SELECT ${columns} FROM (${this.#texts.ledger})`;
    await this.#run(query, {}, signal);
  }

  #run(
    query: string,
    params: Readonly<Record<string, unknown>>,
    signal: AbortSignal,
  ): Promise<void> {
    const settings = { insert_deduplication_token: this.#session.tokenOf(this.#chunk) };
    const statement = { query, params: { ...this.#params, ...params }, settings };
    return this.#session.run(this.#chunk.shard, statement, signal);
  }

  #select<Row>(
    query: string,
    params: Readonly<Record<string, unknown>>,
    signal: AbortSignal,
  ): Promise<Row[]> {
    const settings = { insert_deduplication_token: this.#session.tokenOf(this.#chunk) };
    const statement = { query, params: { ...this.#params, ...params }, settings };
    return this.#session.select<Row>(this.#chunk.shard, statement, signal);
  }
}

const DROPPED_SQL = `SELECT offset FROM atbd.dropped_letters
  WHERE ${WHERE_PARTITION} AND offset >= {first:UInt64} AND offset <= {last:UInt64}`;

/** The same text for the same value, whatever type a side has it in; only columns that are no text can be NULL. */
function textOfColumn(name: string): string {
  return `ifNull(toString(${name}), '\\\\N')`;
}

/** Numbers and not text: inside an array the server takes a quoted number for a string. */
function* partsOf<T>(offsets: readonly T[]): Iterable<T[]> {
  for (let from = 0; from < offsets.length; from += OFFSETS_PER_STATEMENT)
    yield offsets.slice(from, from + OFFSETS_PER_STATEMENT);
}
