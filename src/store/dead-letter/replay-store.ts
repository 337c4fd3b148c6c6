import { z } from 'zod';
import type { ReplayRun, ReplayStore } from '../../engine/model/dead-letter.js';
import { defineQuery } from '../clickhouse/define-query.js';
import { toStoreError } from '../clickhouse/server-error.js';
import type { Store } from '../clickhouse/store.js';
import { readWholeLetters } from './letters.js';

/** Two rows a run; far beyond what people start. */
const RUN_ROWS_MAX = 1_000_000;

const topicsSchema = z.record(
  z.string(),
  z.object({ identity: z.string(), ends: z.record(z.string(), z.string()) }),
);

const runRow = z.object({
  run: z.string(),
  phase: z.enum(['begun', 'ended']),
  who: z.string(),
  host: z.string(),
  pid: z.coerce.number(),
  born: z.string(),
  filter: z.string(),
  changes: z.string(),
  topics: z.string(),
});
type RunRow = z.infer<typeof runRow>;

/** What every shard says of runs that it does not know the end of, and of the ends that it knows. */
const readRuns = defineQuery({
  name: 'letter_replays',
  params: z.object({ limit: z.number() }),
  row: runRow,
  sql: `
    SELECT run, phase, who, host, pid, born, filter, changes, topics
    FROM letter_replays
    WHERE phase = 'ended' OR run NOT IN (SELECT run FROM letter_replays WHERE phase = 'ended')
    ORDER BY run, phase
    LIMIT {limit:UInt32}`,
  merge: {
    limit: RUN_ROWS_MAX,
    compare: (a: RunRow, b: RunRow) => (a.run < b.run ? -1 : Number(a.run > b.run)),
  },
});

/** The store as a replay needs it: letters are read as one user, and what is noted is written to all shards as another. */
export function createReplayStore({
  reader,
  writer,
}: {
  readonly reader: Store;
  readonly writer: Store;
}): ReplayStore {
  return {
    async readWaiting(filter, { after, limit }, signal) {
      const waiting = { ...filter, state: 'waiting' as const };
      const options = { signal, requireAll: true };
      return (await readWholeLetters(reader, { filter: waiting, limit, after }, options)).rows;
    },
    async beginRun(run, signal) {
      const { id, topics, born, ...rest } = run;
      const row = {
        ...rest,
        run: id,
        born: born ?? '',
        topics: topicsToText(topics),
        phase: 'begun',
      };
      await insertIntoAll(writer, { table: 'letter_replays', rows: [row] }, signal);
    },
    async openRuns(signal) {
      const { rows } = await readRuns(
        reader,
        { limit: RUN_ROWS_MAX },
        { signal, requireAll: true },
      );
      const ended = new Set(rows.filter(({ phase }) => phase === 'ended').map(({ run }) => run));
      const open = rows.filter(({ run }) => !ended.has(run));
      return [...new Map(open.map((row) => [row.run, toRun(row)])).values()];
    },
    async markReplayed(run, marks, signal) {
      const rows = marks.map(({ topic, epoch, partition, offset, toPartition, toOffset }) => ({
        ...{ topic, epoch, partition, run },
        offset: String(offset),
        to_partition: toPartition,
        to_offset: String(toOffset),
      }));
      await insertIntoAll(writer, { table: 'replayed_letters', rows }, signal);
    },
    async endRun(run, signal) {
      await insertIntoAll(
        writer,
        { table: 'letter_replays', rows: [{ run, phase: 'ended' }] },
        signal,
      );
    },
  };
}

async function insertIntoAll(
  store: Store,
  { table, rows }: { readonly table: string; readonly rows: readonly object[] },
  signal: AbortSignal,
): Promise<void> {
  await Promise.all(
    Array.from({ length: store.shardCount }, async (_, shard) => {
      try {
        const client = await store.shard(shard);
        const settings = { async_insert: 0 as const, log_comment: `atbd:${table}` };
        await client.insert({
          ...{ table, values: [...rows], format: 'JSONEachRow' as const },
          abort_signal: signal,
          clickhouse_settings: settings,
        });
      } catch (cause) {
        throw toStoreError(cause, `note a replay on shard ${shard}`);
      }
    }),
  );
}

function topicsToText(topics: ReplayRun['topics']): string {
  const entries = [...topics].map(([topic, { identity, ends }]) => [
    topic,
    { identity, ends: Object.fromEntries([...ends].map(([at, end]) => [at, String(end)])) },
  ]);
  return JSON.stringify(Object.fromEntries(entries));
}

function toRun({ run, born, topics, who, host, pid, filter, changes }: RunRow): ReplayRun {
  const noted = topicsSchema.parse(JSON.parse(topics));
  return {
    ...{ id: run, who, host, pid, filter, changes },
    born: born === '' ? null : born,
    topics: new Map(
      Object.entries(noted).map(([topic, { identity, ends }]) => [
        topic,
        {
          identity,
          ends: new Map(Object.entries(ends).map(([at, end]) => [Number(at), BigInt(end)])),
        },
      ]),
    ),
  };
}
