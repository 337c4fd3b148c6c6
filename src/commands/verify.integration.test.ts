import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { IngestCounters } from '../engine/ingest/ingest-counters.js';
import { runIngestWorker } from '../engine/ingest/ingest-worker.js';
import { systemClock } from '../engine/model/clock.js';
import { INGEST_GROUP_ID } from '../engine/model/limit.js';
import type { Queue } from '../engine/model/queue.js';
import { openQueue } from '../engine/queue/open-queue.js';
import { sqlByHand } from '../store/testing/sql-by-hand.js';
import { startTestStore } from '../store/testing/test-store.js';
import { createChunkStore } from '../store/write/chunk-store.js';
import type { VerifyAnswer } from './_cli/verify/render-report.js';

const SHARD_COUNT = 2;
const EVENT_COUNT = 60;
/** Of each topic: not JSON. */
const DEAD_COUNT = 2;
/** Small chunks, so that the ledger has several lines. */
const LIMITS = { recordsMax: 20, bytesMax: 1024 * 1024 };

let folder: string;
let queue: Queue;
let testStore: Awaited<ReturnType<typeof startTestStore>>;
let topic: string;
let topicCount = 0;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'atbd-verify-'));
  const path = join(folder, 'queue');
  queue = await openQueue({ kind: 'embedded', path });
  testStore = await startTestStore({ shardCount: SHARD_COUNT });
  const { shards, database, username } = testStore.reader;
  const urls = shards.map(({ url }) => url);
  const store = { kind: 'clickhouse', shards: urls, database, username, passwordEnv: 'READER' };
  const down = { ...store, shards: [urls[0], 'http://127.0.0.1:9'] };
  const contexts = {
    test: { queue: { kind: 'embedded', path }, store },
    half: { queue: { kind: 'embedded', path }, store: down },
  };
  await writeFile(join(folder, 'config.yaml'), JSON.stringify({ contexts }));
});

afterAll(async () => {
  await queue[Symbol.asyncDispose]();
  await testStore[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

beforeEach(async () => {
  topicCount += 1;
  topic = `verify-${topicCount}`;
  await fillTopic();
});

/** Events 0 to EVENT_COUNT-1 of one partition, the last ones dead letters, stored by a real worker. */
async function fillTopic(): Promise<void> {
  await queue.createTopic(topic, { partitionCount: 1 });
  await using producer = await queue.createProducer();
  const valueOf = (n: number): string =>
    n < EVENT_COUNT - DEAD_COUNT
      ? JSON.stringify({ ts: new Date().toISOString(), service: 'shop', message: `event ${n}` })
      : `not json ${n}`;
  const numbers = Array.from({ length: EVENT_COUNT }, (_, n) => n);
  await producer.send(
    topic,
    numbers.map((n) => ({ key: null, value: valueOf(n) })),
  );
  const stop = new AbortController();
  const observer = new IngestCounters(() => undefined);
  const running = runIngestWorker(
    {
      queue,
      store: createChunkStore(testStore.store),
      clock: systemClock,
      observer,
      topics: [topic],
      limits: LIMITS,
    },
    stop.signal,
  );
  while ((await position()) < BigInt(EVENT_COUNT)) await systemClock.sleep(POLL_MS);
  stop.abort();
  await running;
}

/** Between two looks at a condition. */
const POLL_MS = 20;

async function position(): Promise<bigint> {
  return (await queue.groupPositions(INGEST_GROUP_ID, topic)).get(0)?.position ?? 0n;
}

interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function verify(args: readonly string[], context = 'test'): Promise<Outcome> {
  const env = {
    ...process.env,
    ATBD_HOME: folder,
    ATBD_CONFIG: join(folder, 'config.yaml'),
    ATBD_CONTEXT: context,
    READER: testStore.reader.password,
  };
  return new Promise((resolve) => {
    const command = ['bin/run.js', 'verify', '--topic', topic, ...args];
    execFile(process.execPath, command, { env }, (error, stdout, stderr) => {
      const code = typeof error?.code === 'number' ? error.code : error ? -1 : 0;
      resolve({ code, stdout, stderr });
    });
  });
}

/** The findings of `verify --json`, one a line. */
async function faults(): Promise<{ code: number; findings: string[] }> {
  const { code, stdout } = await verify(['--json']);
  const answer = JSON.parse(stdout) as VerifyAnswer;
  const findings = answer.findings.map(
    ({ kind, topic: name, partition, first, last, count }) =>
      `${kind} ${name}/${partition} ${first}-${last} x${count}`,
  );
  return { code, findings };
}

function sql(shard: number, text: string): Promise<string> {
  return sqlByHand(testStore, shard, text);
}

/** The shard that holds the topic's only partition. */
async function homeShard(): Promise<number> {
  const count = await sql(0, `SELECT count() FROM ledger_local WHERE topic = '${topic}'`);
  return Number(count) > 0 ? 0 : 1;
}

async function breakHome(text: string): Promise<void> {
  await sql(await homeShard(), text);
}

function where(condition: string): string {
  return `WHERE topic = '${topic}' AND ${condition}`;
}

describe('atbd verify', () => {
  it('exits 0 when nothing is broken, and shows what it compared', async () => {
    const { code, stdout, stderr } = await verify([]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain(`${topic}/1/0`);
    expect(stdout).toContain('[0, 60)');
    expect(stdout).toContain(
      'Verified: nothing lost, nothing twice: 58 rows and 2 dead letters in 1 partitions; 0 pending.',
    );
  });

  it('names a deleted row', async () => {
    await breakHome(`ALTER TABLE events_local DELETE ${where('offset = 7')}`);
    const { code, stdout, stderr } = await verify([]);
    expect(code).toBe(1);
    expect(stdout).toContain(
      `row_missing: ${topic}/1/0 offset 7 (1 record): counted as stored by the ledger, but no row is there`,
    );
    expect(stderr).toContain('VERIFY_FAILED');
  });

  it('names a doubled row, and the shards it is on', async () => {
    const row = await sql(
      await homeShard(),
      `SELECT * FROM events_local ${where('offset = 9')} FORMAT JSONEachRow`,
    );
    for (const shard of [0, 1]) {
      if (shard !== (await homeShard())) {
        await sql(shard, `INSERT INTO events_local FORMAT JSONEachRow ${row}`);
      }
    }
    expect(await faults()).toEqual({ code: 1, findings: [`row_doubled ${topic}/0 9-9 x1`] });
  });

  it('does not let a deleted and a doubled row of one chunk cancel each other out', async () => {
    await breakHome(`ALTER TABLE events_local DELETE ${where('offset = 21')}`);
    await breakHome(`INSERT INTO events_local SELECT * FROM events_local ${where('offset = 25')}`);
    expect(await faults()).toEqual({
      code: 1,
      findings: [`row_missing ${topic}/0 21-21 x1`, `row_doubled ${topic}/0 25-25 x1`],
    });
  });

  it('names a dropped dead letter', async () => {
    await breakHome(`ALTER TABLE dead_letters_local DELETE ${where('offset = 58')}`);
    expect(await faults()).toEqual({
      code: 1,
      findings: [`dead_letter_missing ${topic}/0 58-58 x1`],
    });
  });

  it('names the rows of a ledger line that is gone', async () => {
    await breakHome(`ALTER TABLE ledger_local DELETE ${where('first = 20')}`);
    expect(await faults()).toEqual({
      code: 1,
      findings: [`ledger_line_missing ${topic}/0 20-39 x20`],
    });
  });

  it('names a ledger line that is on another shard, too', async () => {
    const home = await homeShard();
    const line = await sql(
      home,
      `SELECT * FROM ledger_local ${where('first = 20')} FORMAT JSONEachRow`,
    );
    await sql(1 - home, `INSERT INTO ledger_local FORMAT JSONEachRow ${line}`);
    expect(await faults()).toEqual({ code: 1, findings: [`ledger_overlap ${topic}/0 20-39 x20`] });
  });

  it('names a hole where a whole chunk was never stored', async () => {
    for (const table of ['events_local', 'dead_letters_local']) {
      await breakHome(`ALTER TABLE ${table} DELETE ${where('offset >= 40')}`);
    }
    await breakHome(`ALTER TABLE ledger_local DELETE ${where('first >= 40')}`);
    expect(await faults()).toEqual({ code: 1, findings: [`hole ${topic}/0 40-59 x20`] });
  });

  it('gives no verdict when a shard does not answer', async () => {
    const { code, stdout, stderr } = await verify([], 'half');
    expect([3, 6]).toContain(code);
    expect(stdout).toBe('');
    expect(stderr).toMatch(/PARTIAL_ANSWER|CLICKHOUSE_UNREACHABLE/);
  });

  it('exits 4 for a topic that nobody knows', async () => {
    topic = 'no-such-topic';
    expect((await verify([])).code).toBe(4);
  });
});
