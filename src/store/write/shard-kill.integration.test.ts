import { readdir, readFile, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Chunk } from '../../engine/model/chunk.js';
import { AtbdError } from '../../engine/model/error.js';
import { createRandom } from '../../engine/model/random.js';
import { runOf } from '../../engine/model/record-run.js';
import { differencesOfRollups } from '../testing/recount-rollups.js';
import { startTestStore, type TestStore } from '../testing/test-store.js';
import { createChunkStore } from './chunk-store.js';

const KILL_COUNT = 12;
const RECORDS_A_CHUNK = 30_000;
/** One record in so many is no JSON, so that every target has rows to lose. */
const DEAD_EVERY = 100;
/** Events, dead letters, ledger, and the figures of traffic, sessions and metrics. */
const TARGET_COUNT = 6;
/** The insert of a chunk takes a few hundred milliseconds: kills are spread over it. */
const KILL_AFTER_MS_MAX = 300;

let testStore: TestStore;
beforeAll(async () => {
  testStore = await startTestStore({ shardCount: 1 });
});
afterAll(async () => {
  await testStore[Symbol.asyncDispose]();
});

/** Of three days and every kind, so that each roll-up and each of its partitions has rows to lose. */
function eventAt(index: number, at: number): string {
  const day = 21 + (at % 3);
  const figure =
    at % 2 === 0
      ? `"kind":"span","duration_ms":${at % 97},"amount":"0.01"`
      : `"kind":"metric","metric":"m","value":${at % 89}`;
  return (
    `{"ts":"2026-11-${day}T11:0${at % 7}:00Z","service":"s","level":"info",${figure},` +
    `"user_id":"u-${at % 50}","session_id":"s-${at % 501}","message":"number ${at} of ${index}"}`
  );
}

function chunkAt(index: number): Chunk {
  const first = BigInt(index * RECORDS_A_CHUNK);
  const records = Array.from({ length: RECORDS_A_CHUNK }, (_, at) => ({
    offset: first + BigInt(at),
    timestampMs: Date.UTC(2026, 10, 23, 12),
    key: null,
    value: Buffer.from(at % DEAD_EVERY === 0 ? `no json ${at}` : eventAt(index, at)),
    headers: undefined,
  }));
  const last = first + BigInt(RECORDS_A_CHUNK - 1);
  return { topic: 'kill', epoch: 1, partition: 0, first, last, shard: 0, runs: [runOf(records)] };
}

it('stores each chunk exactly once when the shard is killed during its insert and it is sent again', async () => {
  const random = createRandom(20261123);
  const store = createChunkStore(testStore.store);
  const signal = new AbortController().signal;
  let cutCount = 0;
  for (let index = 0; index < KILL_COUNT; index += 1) {
    const chunk = chunkAt(index);
    const afterMs = random.integerBelow(KILL_AFTER_MS_MAX);
    const killed = new Promise((resolve) => {
      setTimeout(() => {
        resolve(testStore.stopShard(0, 'SIGKILL'));
      }, afterMs);
    });
    await store.writeChunk(chunk, signal).catch((error: unknown) => {
      if (!(error instanceof AtbdError && error.isRetryable)) throw error;
      cutCount += 1;
    });
    await killed;
    await testStore.startShard(0);
    await store.writeChunk(chunk, signal);
  }

  await expectStored(KILL_COUNT);
  // Seed 20261123; a run in which no insert was cut would prove nothing.
  expect(cutCount).toBeGreaterThan(0);
});

it('stores what a kill left between its token and its part', async () => {
  const store = createChunkStore(testStore.store);
  const signal = new AbortController().signal;
  await store.writeChunk(chunkAt(KILL_COUNT), signal);
  await testStore.stopShard(0, 'SIGKILL');
  expect(await undoLastParts(testStore.dataPath(0))).toBe(TARGET_COUNT);
  await testStore.startShard(0);
  await store.writeChunk(chunkAt(KILL_COUNT), signal);
  await expectStored(KILL_COUNT + 1);
});

it('knows a whole chunk again after its server was started anew', async () => {
  const store = createChunkStore(testStore.store);
  const signal = new AbortController().signal;
  await store.writeChunk(chunkAt(KILL_COUNT + 1), signal);
  await testStore.stopShard(0, 'SIGKILL');
  await testStore.startShard(0);
  await store.writeChunk(chunkAt(KILL_COUNT + 1), signal);
  await expectStored(KILL_COUNT + 2);
});

/** Everything of the first `count` chunks is there once. */
async function expectStored(count: number): Promise<void> {
  const client = await testStore.store.shard(0);
  const answer = await client.query({
    query: `SELECT
        (SELECT count() FROM atbd.events_local) AS rows, (SELECT uniqExact(offset) FROM atbd.events_local) AS offsets,
        (SELECT count() FROM atbd.dead_letters_local) AS dead, (SELECT count() FROM atbd.ledger_local) AS lines,
        (SELECT sum(stored + dead) FROM atbd.ledger_local) AS accounted`,
    format: 'JSONEachRow',
  });
  const dead = (count * RECORDS_A_CHUNK) / DEAD_EVERY;
  const rows = count * RECORDS_A_CHUNK - dead;
  expect(await answer.json()).toEqual([
    { rows, offsets: rows, dead, lines: count, accounted: rows + dead },
  ]);
  expect(await differencesOfRollups(testStore.store)).toEqual([]);
}

/** Puts each table back to where the token of its last part is in the log, and the part has not got its name. Returns of how many. */
async function undoLastParts(dataPath: string): Promise<number> {
  let undone = 0;
  const names = await readdir(join(dataPath, 'store'), { recursive: true });
  for (const name of names.filter((each) => each.endsWith('/deduplication_log_1.txt'))) {
    const log = await readFile(join(dataPath, 'store', name), 'utf8');
    const part = log.trimEnd().split('\n').at(-1)?.split('\t')[1];
    if (part === undefined) continue;
    const table = join(dataPath, 'store', dirname(dirname(name)));
    await rename(join(table, part), join(table, `tmp_insert_${part}`));
    undone += 1;
  }
  return undone;
}
