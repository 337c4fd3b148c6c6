import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { IngestCounters } from '../engine/ingest/ingest-counters.js';
import { runIngestWorker } from '../engine/ingest/ingest-worker.js';
import { systemClock } from '../engine/model/clock.js';
import { INGEST_GROUP_ID } from '../engine/model/limit.js';
import type { Queue } from '../engine/model/queue.js';
import { openQueue } from '../engine/queue/open-queue.js';
import type { Store } from '../store/clickhouse/store.js';
import { openRepairStore } from '../store/repair/repair-store.js';
import { sqlByHand } from '../store/testing/sql-by-hand.js';
import type { TestStore } from '../store/testing/test-store.js';
import { createChunkStore } from '../store/write/chunk-store.js';
import { runAtbd, type Ran } from './_cli/testing/run-atbd.js';
import { startTestContext, type TestContext } from './_cli/testing/test-context.js';
import { inspect, mend, planOf } from './_cli/verify/verify-job.js';
import type { VerifyAnswer } from './_cli/verify/render-report.js';

const SHARD_COUNT = 2;
/** Small chunks, each with one minute of its own, so that one topic can be broken in many places. */
const CHUNK_RECORDS = 10;
const EVENT_COUNT = 12 * CHUNK_RECORDS;
const LIMITS = { recordsMax: CHUNK_RECORDS, bytesMax: 1024 * 1024 };
/** Not JSON. */
const DEAD = [33, 83];

/** Many questions, one after the other, on a machine that others use, too. */
const TEST_MS_MAX = 300_000;

let context: TestContext;
let testStore: TestStore;
let queue: Queue;

beforeAll(async () => {
  context = await startTestContext({ queue: { kind: 'embedded' }, shardCount: SHARD_COUNT });
  testStore = context.testStore;
  queue = await openQueue(context.queue);
});

afterAll(async () => {
  await queue[Symbol.asyncDispose]();
  await context[Symbol.asyncDispose]();
});

/** A topic with all its records stored. */
async function makeTopic(topic: string): Promise<Contents> {
  await queue.createTopic(topic, { partitionCount: 1 });
  await send(topic, 0, EVENT_COUNT);
  await using _worker = startWorker([topic]);
  await untilPosition(topic, EVENT_COUNT);
  return await contents(topic);
}

const FIRST_MS = Date.UTC(2026, 10, 1, 12);

/** Events that are in all roll-ups, but for the dead ones. */
async function send(topic: string, first: number, end: number): Promise<void> {
  await using producer = await queue.createProducer();
  const valueOf = (n: number): string =>
    DEAD.includes(n)
      ? `not json ${n}`
      : JSON.stringify({
          ...{ ts: timeOf(n).toISOString(), kind: 'metric', type: topic, service: 'shop' },
          ...{ message: `event ${n}`, user_id: `u${n % 7}`, session_id: topic },
          ...{ metric: topic, value: n, unit: '1', amount: '1.5', extra: `more ${n}` },
        });
  const numbers = Array.from({ length: end - first }, (_, at) => first + at);
  await producer.send(
    topic,
    numbers.map((n) => ({ key: null, value: valueOf(n) })),
  );
}

function timeOf(n: number): Date {
  const chunk = Math.floor(n / CHUNK_RECORDS);
  return new Date(FIRST_MS + chunk * 60_000 + (n % CHUNK_RECORDS) * 1_000);
}

function startWorker(topics: readonly string[]): AsyncDisposable {
  const stop = new AbortController();
  const running = runIngestWorker(
    {
      ...{ queue, store: createChunkStore(testStore.store), clock: systemClock, topics },
      observer: new IngestCounters(() => undefined),
      limits: LIMITS,
    },
    stop.signal,
  );
  return {
    async [Symbol.asyncDispose]() {
      stop.abort();
      await running;
    },
  };
}

/** Between two looks at a condition. */
const POLL_MS = 20;

async function untilPosition(topic: string, end: number): Promise<void> {
  const at = async (): Promise<bigint> =>
    (await queue.groupPositions(INGEST_GROUP_ID, topic)).get(0)?.position ?? 0n;
  while ((await at()) < BigInt(end)) await systemClock.sleep(POLL_MS);
}

function verify(...args: readonly string[]): Promise<Ran> {
  return runAtbd(['verify', ...args], context);
}

async function verifyJson(...args: readonly string[]): Promise<VerifyAnswer & Pick<Ran, 'code'>> {
  const { code, stdout, stderr } = await verify(...args, '--json');
  if (stdout === '') throw new Error(stderr);
  return { code, ...(JSON.parse(stdout) as VerifyAnswer) };
}

function sql(shard: number, text: string): Promise<string> {
  return sqlByHand(testStore, shard, text);
}

/** The shard of every topic's only partition: the first partition goes to the first one. */
const HOME = 0;

interface Contents {
  readonly events: string;
  readonly letters: string;
  readonly ledger: string;
  readonly traffic: string;
  readonly sessions: string;
  readonly metrics: string;
}

/** All that is kept of a topic, over all shards, without the times of inserts. */
async function contents(topic: string): Promise<Contents> {
  const all = (table: string): Promise<string> =>
    sql(
      0,
      `SELECT * EXCEPT ingested_at FROM ${table} WHERE topic = '${topic}' ORDER BY ALL FORMAT JSONEachRow`,
    );
  const figures = (columns: string, table: string): Promise<string> =>
    sql(0, `SELECT ${columns} FROM ${table} GROUP BY ALL ORDER BY ALL FORMAT TSV`);
  return {
    events: await all('events'),
    letters: await all('dead_letters'),
    ledger: await all('ledger'),
    traffic: await figures(
      'minute, service, sum(count), sum(amount), uniqExactMerge(users)',
      `traffic_1m WHERE type = '${topic}'`,
    ),
    sessions: await figures(
      'minute, user_id, min(first), max(last), sum(count)',
      `sessions_1m WHERE session_id = '${topic}'`,
    ),
    metrics: await figures(
      'minute, sum(count), sum(sum), max(last)',
      `metrics_1m WHERE metric = '${topic}'`,
    ),
  };
}

const TOPIC = 'broken';

const remove = (table: string, condition: string): Promise<string> =>
  sql(HOME, `ALTER TABLE ${table}_local DELETE WHERE topic = '${TOPIC}' AND ${condition}`);

async function copyTo(shard: number, table: string, condition: string): Promise<void> {
  const rows = await sql(
    HOME,
    `SELECT * FROM ${table}_local WHERE topic = '${TOPIC}' AND ${condition} FORMAT JSONEachRow`,
  );
  await sql(shard, `INSERT INTO ${table}_local FORMAT JSONEachRow ${rows}`);
}

async function removeRange(first: number): Promise<void> {
  const last = first + CHUNK_RECORDS - 1;
  await remove('events', `offset BETWEEN ${first} AND ${last}`);
  await remove('dead_letters', `offset BETWEEN ${first} AND ${last}`);
  await remove('ledger', `first = ${first}`);
}

/** Each in a chunk of its own, and what `verify` says of it. */
const DAMAGES: readonly (readonly [finding: string, inflict: () => Promise<unknown>])[] = [
  ['row_missing 7-7', () => remove('events', 'offset = 7')],
  // Views count them, so that figures of both shards are wrong with it.
  ['row_doubled 15-15', () => copyTo(1, 'events', 'offset = 15')],
  ['row_missing 21-21', () => remove('events', 'offset = 21')],
  ['row_doubled 25-25', () => copyTo(HOME, 'events', 'offset = 25')],
  ['dead_letter_missing 33-33', () => remove('dead_letters', 'offset = 33')],
  [
    'row_and_dead_letter 42-42',
    () =>
      sql(
        HOME,
        `INSERT INTO dead_letters_local (topic, epoch, partition, offset) VALUES ('${TOPIC}', 1, 0, 42)`,
      ),
  ],
  ['ledger_line_missing 50-59', () => remove('ledger', 'first = 50')],
  ['ledger_overlap 60-69', () => copyTo(1, 'ledger', 'first = 60')],
  // What somebody deletes by hand stays in the figures; what was never stored is not in them.
  ['hole 80-89', () => removeRange(80)],
  [
    'hole 100-109',
    async () => {
      await removeRange(100);
      for (const table of ['traffic_1m', 'sessions_1m', 'metrics_1m'])
        await sql(
          HOME,
          `ALTER TABLE ${table}_local DELETE WHERE minute = toDateTime(${timeOf(100).getTime() / 1_000})`,
        );
    },
  ],
];

function findingsOf({ findings }: VerifyAnswer): string[] {
  return findings.map(({ kind, first, last }) => `${kind} ${first}-${last}`);
}

function ownTables(): Promise<string> {
  return sql(HOME, `SELECT name FROM system.tables WHERE name LIKE 'repair\\_%' ORDER BY name`);
}

/** A repair in this process that dies before it has made one change more than these; its tables stay then. */
async function mendUpTo(changes: number): Promise<void> {
  const { signal } = new AbortController();
  const id = randomUUID().replaceAll('-', '');
  const repair = await openRepairStore(cutOff(testStore.store, changes), { id, signal });
  const ignore = (): void => undefined;
  const progress = {
    ...{ onPartition: ignore, onRecords: ignore, onFigures: ignore },
    ...{ onRange: ignore, end: ignore },
  };
  const job = {
    ...{ queue, reader: testStore.store, repair, mappers: new Map(), topic: TOPIC },
    ...{ arrived: { fromMs: null, toMs: null }, minutes: null, withContents: true },
    ...{ progress, signal },
  };
  await mend(job, await planOf(job, await inspect(job)));
  await repair[Symbol.asyncDispose]();
}

function cutOff(store: Store, changes: number): Store {
  let left = changes;
  return {
    ...store,
    async shard(index) {
      const client = await store.shard(index);
      return new Proxy(client, {
        get(target, name) {
          const member: unknown = Reflect.get(target, name);
          if (typeof member !== 'function') return member;
          if (name !== 'exec') return member.bind(target) as unknown;
          return (params: Parameters<typeof client.exec>[0]) => {
            const isChange = /^(ALTER TABLE|INSERT INTO) atbd\.\w+_local\b/.test(params.query);
            if (isChange && left === 0) throw new Error('killed');
            if (isChange) left -= 1;
            return client.exec(params);
          };
        },
      });
    },
  };
}

describe('atbd verify --repair', () => {
  let whole: Contents;

  beforeAll(async () => {
    whole = await makeTopic(TOPIC);
  });

  it(
    'says without --yes what it would mend, and touches nothing',
    async () => {
      for (const [, inflict] of DAMAGES) await inflict();
      const broken = await contents(TOPIC);
      expect(broken).not.toEqual(whole);

      const answer = await verifyJson('--repair');
      expect(answer.code).toBe(9);
      expect(findingsOf(answer)).toEqual(DAMAGES.map(([finding]) => finding));
      expect(answer.repair).toMatchObject({ isApplied: false, unmended: [] });
      expect(answer.repair?.ranges.map(({ first, last }) => `${first}-${last}`)).toEqual([
        ...['0-9', '10-19', '20-29', '30-39', '40-49', '50-59', '60-69', '80-89', '100-109'],
      ]);
      // On the other shard events and figures have the same row too many: that is seen when the row is gone.
      const figures = answer.repair?.figures.map(({ rollup, shard }) => `${rollup} ${shard}`);
      expect(figures).toEqual(['traffic_1m 0', 'sessions_1m 0', 'metrics_1m 0']);
      expect(await contents(TOPIC)).toEqual(broken);
    },
    TEST_MS_MAX,
  );

  it(
    'mends all of it, figures too, so that everything is as it was, and leaves nothing of its own',
    async () => {
      const { code, stdout, stderr } = await verify('--repair', '--yes');
      expect({ code, stderr, stdout: code === 0 ? '' : stdout }).toEqual({
        ...{ code: 0, stderr: '', stdout: '' },
      });
      expect(stdout).toContain('broken/1/0 offsets 0–9: 1 event\n');
      expect(stdout).toContain(
        'broken/1/0 offsets 80–89: 9 events, 1 dead letter, 1 ledger line\n',
      );
      expect(await contents(TOPIC)).toEqual(whole);
      expect(await ownTables()).toBe('');
    },
    TEST_MS_MAX,
  );

  it(
    'names altered columns with --contents alone, and puts the record of the queue in their place',
    async () => {
      await sql(
        HOME,
        `ALTER TABLE events_local UPDATE message = 'other', attrs = map('extra', 'less')
         WHERE topic = '${TOPIC}' AND offset IN (70, 71)`,
      );
      await sql(
        HOME,
        `ALTER TABLE dead_letters_local UPDATE raw = 'other' WHERE topic = '${TOPIC}' AND offset = 33`,
      );
      expect((await verifyJson()).code).toBe(0);

      const found = await verifyJson('--contents', '--repair', '--yes', '--topic', TOPIC);
      expect(found.repair?.ranges.map(({ first, last }) => `${first}-${last}`)).toEqual([
        ...['30-39', '70-79'],
      ]);
      expect(found).toMatchObject({ code: 0, findings: [], contents: { compared: EVENT_COUNT } });
      expect(await contents(TOPIC)).toEqual(whole);

      await sql(
        HOME,
        `ALTER TABLE events_local UPDATE message = 'other', attrs = map() WHERE topic = '${TOPIC}' AND offset IN (70, 71)`,
      );
      const { code, stdout } = await verify('--contents', '--topic', TOPIC);
      expect(code).toBe(1);
      expect(stdout).toContain(
        'row_altered: broken/1/0 offsets 70–71 (2 records): stored with another content than the queue has: attrs, message (shard 0)',
      );
    },
    TEST_MS_MAX,
  );

  it(
    'loses and doubles nothing when it is killed between any two of its changes and run again',
    async () => {
      for (let changes = 0; ; changes += 1) {
        await removeRange(80);
        await sql(
          HOME,
          `ALTER TABLE events_local UPDATE message = 'other' WHERE topic = '${TOPIC}' AND offset = 71`,
        );
        // Another one each time: the server drops an insert that it has seen.
        await sql(
          HOME,
          `INSERT INTO dead_letters_local (topic, epoch, partition, offset, raw) VALUES ('${TOPIC}', 1, 0, 42, '${changes}')`,
        );
        const isWhole = await mendUpTo(changes).then(
          () => true,
          () => false,
        );
        await mendUpTo(Infinity);
        expect({ changes, ...(await contents(TOPIC)) }).toEqual({ changes, ...whole });
        expect(await ownTables()).toBe('');
        if (!isWhole) continue;
        // The letter goes; the row goes and comes; rows, letter and line of the range come.
        expect(changes).toBe(6);
        return;
      }
    },
    TEST_MS_MAX,
  );

  it(
    'mends rows while a worker stores others',
    async () => {
      await removeRange(90);
      await using _worker = startWorker([TOPIC]);
      const asked = ['--contents', '--repair', '--yes', '--topic', TOPIC];
      const [mended] = await Promise.all([
        verifyJson(...asked),
        send(TOPIC, EVENT_COUNT, 2 * EVENT_COUNT),
      ]);
      expect(mended).toMatchObject({ code: 0, findings: [] });
      expect(mended.repair?.ranges.map(({ first }) => first)).toEqual(['90']);
      await untilPosition(TOPIC, 2 * EVENT_COUNT);
      const now = await contents(TOPIC);
      expect(now.events).toContain(whole.events);
      expect(now.events.split('\n')).toHaveLength(2 * EVENT_COUNT - DEAD.length);
      expect(now.ledger).toContain(whole.ledger);
      expect(now.letters).toBe(whole.letters);
    },
    TEST_MS_MAX,
  );
});
