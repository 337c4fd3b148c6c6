import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { OpenFrom } from '../../engine/model/verify-figures.js';
import { systemClock } from '../../engine/model/clock.js';
import { type FiguresReport, verifyFigures } from '../../engine/verify/verify-figures.js';
import { startTestStore, type TestStore } from '../testing/test-store.js';
import { QUEUE_TIME_MS, writeEvents } from '../testing/write-events.js';
import { openStore, type Store } from '../clickhouse/store.js';
import { createFiguresStore } from './figures-store.js';

const SHARD_COUNT = 2;
const ALL_TIMES = { from: 0, until: Date.UTC(2106, 1, 7) / 1_000 };

let testStore: TestStore;
let reader: Store;
beforeAll(async () => {
  testStore = await startTestStore({ shardCount: SHARD_COUNT });
  reader = openStore(testStore.reader);
});
afterAll(async () => {
  await reader[Symbol.asyncDispose]();
  await testStore[Symbol.asyncDispose]();
});

let topicCount = 0;
let topic: string;

/** Of every kind, over three hours, with what is hard to hash: zeros of both signs, no amount, no user, words with quotes. */
const EVENTS = Array.from({ length: 300 }, (_, at) => ({
  ts: new Date(QUEUE_TIME_MS - at * 31_000).toISOString(),
  service: at % 3 === 0 ? 'shop' : `it's "payment"`,
  level: ['info', 'error'][at % 2],
  message: `event ${at}`,
  ...(at % 4 === 0 && {
    kind: 'span',
    type: 'request',
    operation: 'buy',
    duration_ms: at / 7,
    status: 'ok',
  }),
  ...(at % 4 === 1 && {
    kind: 'metric',
    metric: 'm',
    unit: '1',
    value: [0, -0, 0.1, -3.7][at % 4],
  }),
  ...(at % 4 === 2 && {
    kind: 'record',
    type: 'order.paid',
    amount: '12.99',
    currency: 'EUR',
    order_id: `o${at}`,
  }),
  ...(at % 5 !== 0 && { user_id: `u${at % 20}`, session_id: `s${at % 30}` }),
}));

beforeEach(async () => {
  for (let shard = 0; shard < SHARD_COUNT; shard += 1) {
    for (const table of ['events', 'traffic_1m', 'sessions_1m', 'metrics_1m']) {
      await sql(shard, `TRUNCATE TABLE atbd.${table}_local`);
    }
  }
  topicCount += 1;
  topic = `figures-${topicCount}`;
  await writeEvents(testStore.store, EVENTS.slice(0, 150), { topic, shard: 0 });
  await writeEvents(testStore.store, EVENTS.slice(150), { topic, partition: 1, shard: 1 });
});

/** As somebody would by hand. */
async function sql(shard: number, query: string): Promise<void> {
  const client = await testStore.store.shard(shard);
  await client.command({
    query,
    clickhouse_settings: { mutations_sync: '1', insert_deduplicate: 0 },
  });
}

function check(
  open: readonly OpenFrom[] = [],
  range = ALL_TIMES,
): Promise<readonly FiguresReport[]> {
  const { signal } = new AbortController();
  return verifyFigures(
    { range },
    {
      store: createFiguresStore(reader),
      takeCut: () => Promise.resolve({ open, intents: new Set() }),
      clock: { ...systemClock, sleep: () => Promise.resolve() },
      signal,
    },
  );
}

/** Roll-ups with wrong hours, as `rollup@shard`. */
async function wrong(): Promise<string[]> {
  return (await check())
    .filter(({ wrongHours }) => wrongHours > 0)
    .map(({ rollup, shard }) => `${rollup}@${shard}`);
}

describe('the check of figures', () => {
  it('finds them equal to the events, each roll-up on each shard', async () => {
    const reports = await check();
    expect(reports.map(({ rollup, shard }) => `${rollup}@${shard}`)).toEqual([
      'traffic_1m@0',
      'sessions_1m@0',
      'metrics_1m@0',
      'traffic_1m@1',
      'sessions_1m@1',
      'metrics_1m@1',
    ]);
    for (const report of reports) {
      expect(report).toMatchObject({ wrongHours: 0, unsettledHours: 0, comparedFrom: 0 });
      expect(report.equalHours).toBeGreaterThanOrEqual(2);
    }
  });

  it('stays content when parts are merged', async () => {
    await writeEvents(testStore.store, EVENTS, { topic, first: 1_000, shard: 0 });
    for (const table of ['traffic_1m', 'sessions_1m', 'metrics_1m']) {
      await sql(0, `OPTIMIZE TABLE atbd.${table}_local FINAL`);
    }
    expect(await wrong()).toEqual([]);
  });

  it('names the minute and the dimensions of a figure that is gone', async () => {
    await sql(0, `ALTER TABLE atbd.metrics_1m_local DELETE WHERE service = 'shop'`);
    expect(await wrong()).toEqual(['metrics_1m@0']);
    const [report] = (await check()).filter(({ wrongHours }) => wrongHours > 0);
    expect(report?.differences[0]).toMatchObject({
      key: 'metric=m unit=1 service=shop',
      figures: 0,
      events: 1,
    });
  });

  it.each([
    ['an event deleted', `DELETE WHERE message = 'event 4'`, ['traffic_1m@0', 'sessions_1m@0']],
    ['a level altered', `UPDATE level = 'fatal' WHERE message = 'event 4'`, ['traffic_1m@0']],
    ['an amount altered', `UPDATE amount = 1 WHERE message = 'event 2'`, ['traffic_1m@0']],
    ['a duration altered', `UPDATE duration_ms = 900 WHERE message = 'event 4'`, ['traffic_1m@0']],
    ['a user altered', `UPDATE user_id = 'x' WHERE message = 'event 4'`, ['sessions_1m@0']],
    ['a value altered', `UPDATE value = 5 WHERE message = 'event 1'`, ['metrics_1m@0']],
  ])('finds %s', async (_, change, expected) => {
    await sql(0, `ALTER TABLE atbd.events_local ${change}`);
    expect(await wrong()).toEqual(expected);
  });

  it('finds figures that were counted twice', async () => {
    await sql(1, 'INSERT INTO atbd.sessions_1m_local SELECT * FROM atbd.sessions_1m_local');
    expect(await wrong()).toEqual(['sessions_1m@1']);
  });

  it('does not judge hours that hold what is not committed', async () => {
    await sql(0, `ALTER TABLE atbd.traffic_1m_local DELETE WHERE 1`);
    const reports = await check([{ topic, epoch: 1, partition: 0, position: 0n }]);
    expect(reports[0]).toMatchObject({ rollup: 'traffic_1m', equalHours: 0, wrongHours: 0 });
    expect(reports[0]?.unsettledHours).toBeGreaterThan(0);
    // All of it is committed: now they are judged.
    const later = await check([{ topic, epoch: 1, partition: 0, position: 150n }]);
    expect(later[0]).toMatchObject({ equalHours: 0, unsettledHours: 0 });
    expect(later[0]?.wrongHours).toBeGreaterThan(0);
  });

  it('looks at the minutes of a range alone', async () => {
    await sql(0, `ALTER TABLE atbd.events_local DELETE WHERE message = 'event 4'`);
    const seconds = QUEUE_TIME_MS / 1_000;
    const before = await check([], { from: 0, until: seconds - 180 });
    expect(before.every(({ wrongHours }) => wrongHours === 0)).toBe(true);
    const [around] = await check([], { from: seconds - 180, until: seconds - 120 });
    expect(around).toMatchObject({ wrongHours: 1 });
  });
});
