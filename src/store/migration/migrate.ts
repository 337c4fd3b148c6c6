import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { ClickHouseClient } from '@clickhouse/client';
import { AtbdError } from '../../engine/model/error.js';
import { toStoreError } from '../clickhouse/server-error.js';
import type { Store } from '../clickhouse/store.js';
import { closeIntake, isIntakeClosed, madeClosed, openIntake } from './gate/intake-gate.js';
import { takeMigrationTurn } from './gate/migration-turn.js';
import { recordRollups } from './rollup-state.js';

/** What the same SQL files become on different installations. */
export interface MigrationShape {
  /** Engine of the tables that keep rows. */
  readonly engine: 'MergeTree' | 'ReplicatedMergeTree';
  /** Cluster of the Distributed tables. */
  readonly cluster: string;
}

export const LOCAL_SHAPE: MigrationShape = { engine: 'MergeTree', cluster: 'atbd' };

/** One file on one shard. */
export interface AppliedMigration {
  readonly shard: number;
  readonly name: string;
}

/** How many inserts a table remembers for deduplication: a worker's chunk must be told from its own retry after a long outage. */
const DEDUPLICATION_WINDOW = 10_000;

/** A week: the longest outage after which a chunk may still be sent again on a replicated table. */
const DEDUPLICATION_SECONDS = 7 * 24 * 60 * 60;

interface Migration {
  readonly name: string;
  readonly checksum: string;
  readonly statements: readonly string[];
}

/**
 * Brings every shard to the newest schema and says what was applied. Safe to run again, beside another one, and beside
 * inserts: those fail while a shard changes, and also after a migration that was cut off, until it is run again; whoever sends such an
 * insert again loses nothing. Needs all shards.
 */
export async function migrate(
  store: Store,
  shape: MigrationShape = LOCAL_SHAPE,
): Promise<AppliedMigration[]> {
  const migrations = await readMigrations(shape);
  const perShard = await Promise.all(
    Array.from({ length: store.shardCount }, async (_, shard) => {
      try {
        return await migrateShard(await store.shard(shard), shard, migrations, shape);
      } catch (cause) {
        throw toStoreError(cause, `migrate shard ${shard}`);
      }
    }),
  );
  return perShard.flat();
}

/** What `migrate` would do. */
export interface PendingMigrations {
  readonly pending: readonly AppliedMigration[];
  /** Shards that refuse inserts, because a migration was cut off or is at work. */
  readonly closedShards: readonly number[];
}

/** What `migrate` would do now, without changing anything. Needs all shards. */
export async function pendingMigrations(
  store: Store,
  shape: MigrationShape = LOCAL_SHAPE,
): Promise<PendingMigrations> {
  const migrations = await readMigrations(shape);
  const perShard = await Promise.all(
    Array.from({ length: store.shardCount }, async (_, shard) => {
      try {
        const client = await store.shard(shard);
        const lacking = newOnes(migrations, await appliedIfAny(client), shard);
        return { shard, lacking, isClosed: await isIntakeClosed(client) };
      } catch (cause) {
        throw toStoreError(cause, `read the migrations of shard ${shard}`);
      }
    }),
  );
  return {
    pending: perShard.flatMap(({ shard, lacking }) => lacking.map(({ name }) => ({ shard, name }))),
    closedShards: perShard.flatMap(({ shard, isClosed }) => (isClosed ? [shard] : [])),
  };
}

/** Those that a shard lacks, in order. One that it has with another content is an error. */
function newOnes(
  migrations: readonly Migration[],
  applied: ReadonlyMap<string, string>,
  shard: number,
): Migration[] {
  return migrations.filter(({ name, checksum }) => {
    const known = applied.get(name);
    if (known !== undefined && known !== checksum) throw changedMigration(name, shard);
    return known === undefined;
  });
}

async function migrateShard(
  client: ClickHouseClient,
  shard: number,
  migrations: readonly Migration[],
  shape: MigrationShape,
): Promise<AppliedMigration[]> {
  await command(client, 'CREATE DATABASE IF NOT EXISTS atbd', 'default');
  await command(
    client,
    fillIn(
      `CREATE TABLE IF NOT EXISTS atbd.migrations (name String, checksum String, applied_at DateTime DEFAULT now())
       ENGINE = {merge_tree} ORDER BY name`,
      shape,
    ),
    'default',
  );
  const lacking = newOnes(migrations, await appliedChecksums(client), shard);
  const isToChange = lacking.length > 0 || (await isIntakeClosed(client));
  if (isToChange) return changeShard(client, shard, migrations);
  await recordRollups(client);
  return [];
}

/** Applies what the shard lacks, alone and without inserts. When it fails, inserts wait until it was run again: views may be away. */
async function changeShard(
  client: ClickHouseClient,
  shard: number,
  migrations: readonly Migration[],
): Promise<AppliedMigration[]> {
  using turn = await takeMigrationTurn(client);
  await closeIntake(client);
  // Another migration may have been at it until now.
  const lacking = newOnes(migrations, await appliedChecksums(client), shard);
  for (const { name, checksum, statements } of lacking) {
    for (const statement of statements) {
      turn.throwIfLost();
      await command(client, madeClosed(statement), 'atbd');
    }
    await client.insert({
      table: 'atbd.migrations',
      values: [{ name, checksum }],
      format: 'JSONEachRow',
    });
  }
  await recordRollups(client);
  turn.throwIfLost();
  await openIntake(client);
  return lacking.map(({ name }) => ({ shard, name }));
}

async function command(client: ClickHouseClient, query: string, database: string): Promise<void> {
  // The database itself may not exist yet, and must not be named in the request then.
  await client.command({ query, http_headers: { 'X-ClickHouse-Database': database } });
}

/** A shard that no migration ever reached has no table of them, nor the database. */
async function appliedIfAny(client: ClickHouseClient): Promise<Map<string, string>> {
  const answer = await client.query({
    query: `SELECT count() AS n FROM system.tables WHERE database = 'atbd' AND name = 'migrations'`,
    format: 'JSONEachRow',
    http_headers: { 'X-ClickHouse-Database': 'default' },
  });
  const [row] = await answer.json<{ n: string | number }>();
  return Number(row?.n ?? 0) === 0 ? new Map<string, string>() : appliedChecksums(client);
}

async function appliedChecksums(client: ClickHouseClient): Promise<Map<string, string>> {
  const answer = await client.query({
    query: 'SELECT name, any(checksum) AS checksum FROM atbd.migrations GROUP BY name LIMIT 10000',
    format: 'JSONEachRow',
  });
  const rows = await answer.json<{ name: string; checksum: string }>();
  return new Map(rows.map(({ name, checksum }) => [name, checksum]));
}

function changedMigration(name: string, shard: number): AtbdError {
  return new AtbdError({
    code: 'CLICKHOUSE_REFUSED',
    message: `cannot migrate shard ${shard}: ${name} was applied there with another content`,
    hint: 'An applied migration is never changed: use the version of atbd that applied it, or a newer one.',
  });
}

async function readMigrations(shape: MigrationShape): Promise<Migration[]> {
  const folder = fileURLToPath(new URL('.', import.meta.url));
  const names = (await readdir(folder)).filter((name) => name.endsWith('.sql')).sort();
  return Promise.all(
    names.map(async (name) => {
      const text = await readFile(`${folder}${name}`, 'utf8');
      return {
        name,
        checksum: checksumOf(text),
        statements: splitStatements(fillIn(text, shape)),
      };
    }),
  );
}

/** Of what is run: a better comment is no other migration. */
function checksumOf(text: string): string {
  const statements = text.replaceAll(/^\s*--.*$/gm, '').replaceAll(/\n+/g, '\n');
  return createHash('sha256').update(statements).digest('hex');
}

function fillIn(text: string, { engine, cluster }: MigrationShape): string {
  const isReplicated = engine === 'ReplicatedMergeTree';
  const engineOf = (kind: string): string =>
    isReplicated ? `Replicated${kind}('/clickhouse/tables/{uuid}/{shard}', '{replica}')` : kind;
  const dedup = isReplicated
    ? `replicated_deduplication_window = ${DEDUPLICATION_WINDOW}, replicated_deduplication_window_seconds = ${DEDUPLICATION_SECONDS}`
    : `non_replicated_deduplication_window = ${DEDUPLICATION_WINDOW}`;
  return text
    .replaceAll('{merge_tree}', engineOf('MergeTree'))
    .replaceAll('{aggregating_merge_tree}', engineOf('AggregatingMergeTree'))
    .replaceAll('{dedup}', dedup)
    .replaceAll('{cluster}', cluster);
}

/** Our files end a statement with a semicolon at the end of a line, and have none elsewhere. */
function splitStatements(text: string): string[] {
  return text
    .split(/;\s*$/m)
    .map((statement) => statement.trim())
    .filter((statement) =>
      statement.split('\n').some((line) => line !== '' && !line.startsWith('--')),
    );
}
