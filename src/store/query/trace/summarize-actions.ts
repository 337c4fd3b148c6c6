import { z } from 'zod';
import { byFirstThenName, type ActionSummary } from '../../../engine/model/action-summary.js';
import { FAILED_STATUS_PATTERN } from '../../../engine/model/failed-status.js';
import { defineQuery, type QueryOptions } from '../../clickhouse/define-query.js';
import type { Store } from '../../clickhouse/store.js';

/** Actions of one question. More would not fit a list that somebody reads, and their ids travel to every shard. */
export const ACTIONS_MAX = 10_000;

/** Summaries, and the shards that did not answer. */
export interface ActionsAnswer {
  readonly actions: readonly ActionSummary[];
  readonly missingShards: readonly number[];
}

/** Summarises these actions from all their events, wherever they are stored; the newest first. */
export async function summarizeActions(
  store: Store,
  ids: readonly string[],
  options: QueryOptions,
): Promise<ActionsAnswer> {
  if (ids.length === 0) return { actions: [], missingShards: [] };
  const params = { ids, limit: ids.length, failed: FAILED_STATUS_PATTERN };
  const { rows, missingShards } = await actionSummaries(store, params, options);
  const actions = rows.map(({ startNs, endNs, services, ...rest }): ActionSummary => ({
    ...rest,
    startNs,
    durationNs: endNs - startNs,
    services: Object.entries(services)
      .sort(byFirstThenName)
      .map(([name]) => name),
  }));
  return { actions, missingShards };
}

/** As `spanLengthNs` and `problemOf` (engine/trace) see one event; a test holds them together. */
const IS_SPAN = `(kind = 'span' OR (span_id != '' AND duration_ms IS NOT NULL))`;
const END_NS = `toUnixTimestamp64Nano(ts) + if(${IS_SPAN} AND ifNull(duration_ms, 0) > 0, toInt64(round(assumeNotNull(duration_ms) * 1e6)), 0)`;
const IS_ERROR = `level IN ('error', 'fatal')`;
/** The order of events, as everywhere. */
const PLACE = '(ts, topic, epoch, partition, offset, item)';

const actionSummaries = defineQuery({
  name: 'action_summaries',
  params: z.object({
    ids: z.array(z.string()).max(ACTIONS_MAX).readonly(),
    limit: z.int().positive(),
    failed: z.string(),
  }),
  row: z.object({
    opId: z.string(),
    startNs: z.coerce.bigint(),
    endNs: z.coerce.bigint(),
    operation: z.string(),
    orderId: z.string(),
    outcome: z.string(),
    services: z.record(z.string(), z.coerce.bigint()),
    eventCount: z.coerce.number(),
    errorCount: z.coerce.number(),
    failureCount: z.coerce.number(),
  }),
  sql: `
    SELECT
      op_id AS opId,
      toUnixTimestamp64Nano(min(ts)) AS startNs,
      max(${END_NS}) AS endNs,
      argMinIf(operation, ${PLACE}, operation != '') AS operation,
      argMinIf(order_id, ${PLACE}, order_id != '') AS orderId,
      if(
        countIf(${IS_SPAN} AND parent_id = '' AND status != '') > 0,
        argMinIf(status, ${PLACE}, ${IS_SPAN} AND parent_id = '' AND status != ''),
        argMaxIf(status, ${PLACE}, status != '')
      ) AS outcome,
      minMap(map(toString(service), toUnixTimestamp64Nano(ts))) AS services,
      count() AS eventCount,
      countIf(${IS_ERROR}) AS errorCount,
      countIf(NOT (${IS_ERROR}) AND match(status, concat('(?i)', {failed:String}))) AS failureCount
    FROM events
    WHERE op_id IN {ids:Array(String)}
    GROUP BY op_id
    ORDER BY startNs DESC, opId
    LIMIT {limit:UInt32}`,
});
