import { z } from 'zod';
import type { Filter } from '../../engine/model/filter.js';
import type { EventCount, QueueTimeSample, StoryStore } from '../../engine/model/story-store.js';
import { defineQuery } from '../clickhouse/define-query.js';
import type { Store } from '../clickhouse/store.js';
import { filterToSql } from '../query/filter-sql.js';
import { SqlParams } from '../query/sql-params.js';

/** Combinations of type, service, level, status and currency: thousands in any shop. */
const COUNTS_MAX = 100_000;

/** Services of all actions of one question together. */
const TRACE_ROWS_MAX = 100_000;

/** Far above any real number of partitions. */
const PARTITIONS_MAX = 100_000;

const number = z.coerce.number();

const eventCounts = defineQuery({
  name: 'story_event_counts',
  params: z.object({ topic: z.string(), limit: z.int() }),
  row: z.object({
    type: z.string(),
    service: z.string(),
    level: z.string(),
    status: z.string(),
    currency: z.string(),
    count: number,
    amount: z.string(),
  }),
  sql: `
    SELECT type, service, level, status, currency, count() AS count, toString(sum(ifNull(amount, 0))) AS amount
    FROM events
    WHERE topic = {topic:String}
    GROUP BY type, service, level, status, currency
    ORDER BY type, service, level, status, currency
    LIMIT {limit:UInt32}`,
});

const deadCounts = defineQuery({
  name: 'story_dead_counts',
  params: z.object({ topic: z.string() }),
  row: z.object({ reason: z.string(), count: number }),
  sql: `
    SELECT reason, count() AS count FROM dead_letters
    WHERE topic = {topic:String}
    GROUP BY reason ORDER BY reason LIMIT 100`,
});

const traceCounts = defineQuery({
  name: 'story_trace_counts',
  params: z.object({ topic: z.string(), ids: z.array(z.string()), limit: z.int() }),
  row: z.object({ op_id: z.string(), service: z.string(), count: number }),
  sql: `
    SELECT op_id, service, count() AS count
    FROM events
    WHERE op_id IN {ids:Array(String)} AND topic = {topic:String}
    GROUP BY op_id, service
    ORDER BY op_id, service
    LIMIT {limit:UInt32}`,
});

const visibleEnds = defineQuery({
  name: 'story_visible_ends',
  params: z.object({ topic: z.string(), limit: z.int() }),
  row: z.object({ partition: z.number(), end: z.coerce.bigint() }),
  sql: `
    SELECT partition, max(last) AS end
    FROM ledger
    WHERE topic = {topic:String}
    GROUP BY partition ORDER BY partition LIMIT {limit:UInt32}`,
});

const queueTimes = defineQuery({
  name: 'story_queue_times',
  params: z.object({ topic: z.string(), limit: z.int() }),
  row: z.object({ partition: z.number(), offset: z.coerce.bigint(), queueTimeMs: number }),
  sql: `
    SELECT partition, offset, toUnixTimestamp64Milli(queue_time) AS queueTimeMs
    FROM events
    WHERE topic = {topic:String}
    ORDER BY cityHash64(partition, offset), partition, offset
    LIMIT {limit:UInt32}`,
});

const observations = defineQuery({
  name: 'story_observations',
  params: z.object({
    topic: z.string(),
    fromMs: z.number(),
    toMs: z.number(),
    stepMs: z.number(),
    limit: z.int(),
  }),
  row: z.object({
    step: number,
    events: number,
    errors: number,
    paymentsFailed: number,
    requestP95Ms: z.number().nullable(),
  }),
  sql: `
    SELECT
      intDiv(toUnixTimestamp64Milli(ts) - {fromMs:Int64}, {stepMs:Int64}) AS step,
      count() AS events,
      countIf(level IN ('error', 'fatal')) AS errors,
      countIf(type = 'payment.attempt' AND status != 'ok') AS paymentsFailed,
      quantileIf(0.95)(duration_ms, type = 'request') AS requestP95Ms
    FROM events
    WHERE topic = {topic:String}
      AND ts >= fromUnixTimestamp64Milli({fromMs:Int64}, 'UTC') AND ts < fromUnixTimestamp64Milli({toMs:Int64}, 'UTC')
    GROUP BY step ORDER BY step LIMIT {limit:UInt32}`,
});

/** The stored side of a story, over all shards: one that does not answer is an error. */
export function createStoryStore(
  store: Store,
  { topic }: { readonly topic: string },
): Omit<StoryStore, 'ask'> {
  const all = (signal: AbortSignal) => ({ signal, requireAll: true });
  return {
    async countEvents(signal): Promise<readonly EventCount[]> {
      const { rows } = await eventCounts(store, { topic, limit: COUNTS_MAX }, all(signal));
      return rows;
    },
    async countDeadLetters(signal) {
      const { rows } = await deadCounts(store, { topic }, all(signal));
      return new Map(rows.map(({ reason, count }) => [reason, count]));
    },
    countWhere: (filter, signal) => countWhere(store, { filter, topic }, signal),
    async countByService(opIds, signal) {
      const params = { topic, ids: [...opIds], limit: TRACE_ROWS_MAX };
      const { rows } = await traceCounts(store, params, all(signal));
      const byOpId = new Map<string, Map<string, number>>();
      for (const { op_id: opId, service, count } of rows) {
        const services = byOpId.get(opId) ?? new Map<string, number>();
        byOpId.set(opId, services.set(service, count));
      }
      return byOpId;
    },
    async visibleEnds(signal) {
      const { rows } = await visibleEnds(store, { topic, limit: PARTITIONS_MAX }, all(signal));
      return new Map(rows.map(({ partition, end }) => [partition, end]));
    },
    async observe({ fromMs, toMs, stepMs }, signal) {
      const limit = Math.ceil((toMs - fromMs) / stepMs) + 1;
      const { rows } = await observations(
        store,
        { topic, fromMs, toMs, stepMs, limit },
        all(signal),
      );
      return rows.map(({ step, ...seen }) => ({ atMs: fromMs + step * stepMs, ...seen }));
    },
    async sampleQueueTimes(limit, signal): Promise<readonly QueueTimeSample[]> {
      const { rows } = await queueTimes(store, { topic, limit }, all(signal));
      return rows;
    },
  };
}

async function countWhere(
  store: Store,
  { filter, topic }: { readonly filter: Filter; readonly topic: string },
  signal: AbortSignal,
): Promise<number> {
  const params = new SqlParams();
  const condition = filterToSql(filter, params);
  const query = defineQuery({
    name: 'story_count_where',
    params: z.record(z.string(), z.unknown()),
    row: z.object({ count: number }),
    sql: `
    SELECT count() AS count FROM events
    WHERE topic = ${params.add('String', topic)} AND (${condition})
    LIMIT 1`,
  });
  const { rows } = await query(store, params.values, { signal, requireAll: true });
  return rows[0]?.count ?? 0;
}
