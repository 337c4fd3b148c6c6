import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseFilter, type FilterInput } from '../../engine/filter/filter.js';
import { MATCH_ALL } from '../../engine/model/filter.js';
import { ALL_FIELDS, type StoredEvent } from '../../engine/model/stored-event.js';
import { openStore } from '../clickhouse/store.js';
import { startTestStore, type TestStore } from '../testing/test-store.js';
import { writeEvents } from '../testing/write-events.js';
import { decodeCursor, encodeCursor } from './log-cursor.js';
import type { LogQuestion } from './log-query.js';
import { readLogs } from './logs.js';
import { readTrace } from './trace/read-trace.js';

let testStore: TestStore;
beforeAll(async () => {
  testStore = await startTestStore({ shardCount: 3 });
});
afterAll(async () => {
  await testStore[Symbol.asyncDispose]();
});

const LONG_ID = 'x'.repeat(10_000);
const NS_PER_DAY = 86_400_000_000_000n;

/** Each test has a day of its own. */
function dayRange(day: string): LogQuestion['range'] {
  const fromNs = BigInt(Date.parse(day)) * 1_000_000n;
  return { fromNs, toNs: fromNs + NS_PER_DAY, arrivedSinceNs: null };
}

function question(day: string, more: Partial<LogQuestion> = {}): LogQuestion {
  return {
    filter: MATCH_ALL,
    range: dayRange(day),
    fields: ALL_FIELDS,
    isAscending: false,
    limit: 1000,
    after: null,
    ...more,
  };
}

interface Page {
  readonly events: readonly StoredEvent[];
  readonly cursor: string | null;
  readonly missing: readonly number[];
}

/** One page, its cursor carried as text as the command does. */
async function readPage(asked: LogQuestion, after: string | null = null): Promise<Page> {
  await using store = openStore(testStore.reader);
  const binding = { filter: asked.filter, isAscending: asked.isAscending };
  let missing: readonly number[] = [];
  const decoded = after === null ? null : decodeCursor(after, binding);
  const page = readLogs(
    store,
    { ...asked, after: decoded, range: decoded?.range ?? asked.range },
    { onMissing: (shards) => (missing = shards) },
  );
  const events: StoredEvent[] = [];
  for await (const stored of page.events) events.push(stored);
  const cursor = await page.readCursor();
  return { events, cursor: cursor === null ? null : encodeCursor(cursor, binding), missing };
}

function offsetsOf(events: readonly StoredEvent[]): number[] {
  return events.map(({ position }) => Number(position.offset)).sort((a, b) => a - b);
}

describe('a filter', () => {
  it.each<[FilterInput, number[]]>([
    [{ words: ['refused'] }, [0]],
    [{ levels: ['warn+'] }, [0]],
    [{ anyOf: { type: ['page.view'] } }, [1]],
    [{ anyOf: { module: ['m0'] } }, [0]],
    [{ anyOf: { host: ['h0'], node: ['n0'], pod: ['p0'], container: ['c0'] } }, [0]],
    [{ anyOf: { operation: ['buy'], provider: ['acme'], user_id: ['u0'] } }, [0]],
    [{ source: 'pay.js:42' }, [0]],
    [{ conditions: ['region=eu'] }, [1]],
    [{ conditions: ['region!=eu'] }, [0]],
    [{ conditions: ["x=' OR 1=1 --"] }, []],
    [{ conditions: ["' OR 1=1 --?"] }, []],
  ])('of %j finds %j', async (each, expected) => {
    const day = '2026-11-02';
    await writeEvents(
      testStore.store,
      [
        {
          ts: `${day}T10:00:00Z`,
          level: 'error',
          module: 'm0',
          host: 'h0',
          node: 'n0',
          pod: 'p0',
          container: 'c0',
          operation: 'buy',
          provider: 'acme',
          user_id: 'u0',
          file: '/srv/pay.js',
          line: 42,
          message: 'connection REFUSED',
        },
        { ts: `${day}T10:00:01Z`, type: 'page.view', region: 'eu' },
      ],
      { topic: 'flags' },
    );
    const page = await readPage(question(day, { filter: parseFilter(each) }));
    expect(offsetsOf(page.events)).toEqual(expected);
  });
});

describe('an answer', () => {
  it('has every field that is not empty, as it is stored', async () => {
    const day = '2026-11-03';
    const event = {
      ts: `${day}T10:00:00.123456789Z`,
      service: "o'\u001b[31m\\",
      level: 'INFO',
      message: 'nul \u0000 "x" \n 😀',
      line: 7,
      attempt: 'two',
      duration_ms: 1.5,
      amount: '12.50',
      value: 0,
      attrs: { '😀': 'a\tb', n: 1 },
      extra: [1],
    };
    await writeEvents(testStore.store, [event], { topic: 'whole' });
    const [stored] = (await readPage(question(day))).events;
    expect(stored?.event).toEqual({
      ts: event.ts,
      kind: 'log',
      type: 'log',
      level: 'info',
      service: event.service,
      line: 7,
      message: event.message,
      duration_ms: 1.5,
      amount: '12.5',
      value: 0,
      attrs: { '😀': 'a\tb', n: '1', extra: '[1]', attempt: 'two' },
      ts_source: 'event',
      flags: ['unreadable:attempt'],
      topic: 'whole',
      epoch: 1,
      partition: 0,
      offset: '0',
      queue_time: '2026-11-23T00:00:00.000Z',
      ingested_at: expect.stringMatching(/^\d{4}-.*Z$/u) as string,
    });
  });

  it('has only the fields that were asked for', async () => {
    const day = '2026-11-04';
    await writeEvents(
      testStore.store,
      [
        {
          ts: `${day}T10:00:00Z`,
          message: 'm',
          region: 'eu',
          attrs: { message: 'inner', "k'": 'v' },
        },
      ],
      { topic: 'fields' },
    );
    const fields = [
      { kind: 'column', name: 'offset' },
      { kind: 'column', name: 'message' },
      { kind: 'attr', key: 'message' },
      { kind: 'attr', key: 'region' },
      { kind: 'attr', key: "k'" },
    ] as const;
    const [stored] = (await readPage(question(day, { fields }))).events;
    expect(stored?.event).toEqual({
      offset: '0',
      message: 'm',
      'attrs.message': 'inner',
      region: 'eu',
      "k'": 'v',
    });
  });

  it('can be chosen by arrival', async () => {
    const day = '2026-11-05';
    await writeEvents(testStore.store, [{ ts: `${day}T10:00:00Z` }], { topic: 'arrival' });
    const range = dayRange(day);
    const past = { ...range, arrivedSinceNs: range.fromNs };
    const future = { ...range, arrivedSinceNs: BigInt(Date.now() + 60_000) * 1_000_000n };
    expect((await readPage(question(day, { range: past }))).events).toHaveLength(1);
    expect((await readPage(question(day, { range: future }))).events).toHaveLength(0);
  });
});

describe('paging', () => {
  it.each([true, false])(
    'shows each event once, ascending %s, and late rows change no page',
    async (isAscending) => {
      const day = isAscending ? '2026-11-06' : '2026-11-07';
      const topic = `pages-${isAscending}`;
      // Many events of one moment: the place in the queue must break the tie.
      const at = (index: number) => ({
        ts: `${day}T10:00:0${Math.floor(index / 10)}Z`,
        message: `e${index}`,
      });
      for (const shard of [0, 1, 2]) {
        const events = Array.from({ length: 30 }, (_, index) => at(index));
        await writeEvents(testStore.store, events, { topic, shard, partition: shard });
      }
      const asked = question(day, { isAscending, limit: 8 });
      const whole = await readPage({ ...asked, limit: 1000 });
      expect(whole.events).toHaveLength(90);
      expect(whole.cursor).toBeNull();

      const seen: StoredEvent[] = [];
      let after: string | null = null;
      for (let pageCount = 0; pageCount === 0 || after !== null; pageCount += 1) {
        const page: Page = await readPage(asked, after);
        seen.push(...page.events);
        after = page.cursor;
        // Late rows all over the range, in a known partition and in a new one.
        const late = [0, 9, 15, 29].map((index) => ({ ...at(index), message: 'late' }));
        await writeEvents(testStore.store, late, {
          topic,
          shard: 0,
          partition: 0,
          first: 30 + pageCount * 4,
        });
        await writeEvents(testStore.store, late, {
          topic,
          shard: 2,
          partition: 7,
          first: pageCount * 4,
        });
      }
      expect(seen).toEqual(whole.events);
    },
  );

  it('needs the cursor of the same question', async () => {
    const day = '2026-11-08';
    await writeEvents(
      testStore.store,
      [1, 2, 3].map((n) => ({ ts: `${day}T10:00:0${n}Z` })),
      { topic: 'bound' },
    );
    const { cursor } = await readPage(question(day, { limit: 1 }));
    const other = question(day, { filter: parseFilter({ words: ['x'] }) });
    await expect(readPage(other, cursor)).rejects.toMatchObject({
      code: 'USAGE_INVALID',
      message: 'cannot use the --after cursor: it belongs to another question',
    });
    for (const broken of [
      '',
      'x',
      '\u001b[2J',
      cursor!.slice(0, -9),
      Buffer.from('[9]').toString('base64url'),
    ]) {
      await expect(readPage(question(day), broken)).rejects.toMatchObject({
        code: 'USAGE_INVALID',
        message: 'cannot use the --after cursor: it is not a cursor',
      });
    }
  });
});

describe('a trace', () => {
  const DAY = '2026-11-09';

  it('is found on all shards, in time order, and cut with the count said', async () => {
    for (const shard of [0, 1, 2]) {
      const events = [0, 1, 2, 3].map((n) => ({
        ts: `${DAY}T10:00:0${n}.${shard}Z`,
        op_id: 'op-1',
        service: `s${shard}`,
      }));
      await writeEvents(testStore.store, events, { topic: 'trace', shard, partition: shard });
    }
    await using store = openStore(testStore.reader);
    const { events, eventCount } = await readTrace(store, { ids: ['op-1'], limit: 100 }, {});
    expect(eventCount).toBe(12);
    const times = events.map(({ tsNs }) => tsNs);
    expect(times).toEqual(times.toSorted((a, b) => (a < b ? -1 : 1)));
    expect(await readTrace(store, { ids: ['op-1'], limit: 5 }, {})).toEqual({
      events: events.slice(0, 5),
      eventCount: 12,
    });
  });

  it('is read only from the shards that have events of it, after asking all', async () => {
    const event = { ts: `${DAY}T11:00:00Z`, op_id: 'op-on-shard-1', service: 's1' };
    await writeEvents(testStore.store, [event], { topic: 'one', shard: 1, partition: 1 });
    await using store = openStore(testStore.reader);
    const before = await askedCounts();
    const answer = await readTrace(store, { ids: ['op-on-shard-1'], limit: 5 }, {});
    expect(answer.eventCount).toBe(1);
    const after = await askedCounts();
    const asked = after.map(({ lookups, reads }, shard) => ({
      lookups: lookups - before[shard]!.lookups,
      reads: reads - before[shard]!.reads,
    }));
    expect(asked).toEqual([
      { lookups: 1, reads: 0 },
      { lookups: 1, reads: 1 },
      { lookups: 1, reads: 0 },
    ]);
  });

  /** How often each shard was asked for a trace so far, by its own log. */
  function askedCounts(): Promise<{ readonly lookups: number; readonly reads: number }[]> {
    return Promise.all(
      [0, 1, 2].map(async (shard) => {
        const client = await testStore.store.shard(shard);
        await client.command({ query: 'SYSTEM FLUSH LOGS' });
        const answer = await client.query({
          query: `
            SELECT toUInt32(countIf(log_comment = 'atbd:trace_shards')) AS lookups, toUInt32(countIf(log_comment = 'atbd:trace')) AS reads
            FROM system.query_log WHERE type = 'QueryFinish'`,
          format: 'JSONEachRow',
        });
        const [counts] = await answer.json<{ lookups: number; reads: number }>();
        return counts!;
      }),
    );
  }

  it.each(
    ["'", '"\\', '😀', 'op-', '%', "' OR '1'='1", LONG_ID, '\u0000', '{p0:String}'].map(
      (id) => [id.slice(0, 20), id] as const,
    ),
  )('of the ID %j is that one only', async (_start, id) => {
    await using store = openStore(testStore.reader);
    expect((await readTrace(store, { ids: [id], limit: 10 }, {})).events).toEqual([]);
    await writeEvents(testStore.store, [{ ts: `${DAY}T11:00:00Z`, op_id: id }], {
      topic: `id-${id.slice(0, 20)}`,
    });
    const { events } = await readTrace(store, { ids: [id], limit: 10 }, {});
    expect(events.map(({ event }) => event.op_id)).toEqual([id]);
  });
});

// Last: a shard is gone afterwards.
describe('a shard that does not answer', () => {
  it('leaves an answer in part, and says which', async () => {
    const day = '2026-11-10';
    for (const shard of [0, 1, 2]) {
      const event = { ts: `${day}T10:00:00Z`, service: `s${shard}`, op_id: 'half' };
      await writeEvents(testStore.store, [event], { topic: 'part', shard, partition: shard });
    }
    await testStore.stopShard(1);
    const page = await readPage(question(day));
    expect(page.missing).toEqual([1]);
    expect(page.events.map(({ event }) => event.service)).toEqual(['s2', 's0']);
  });
});
