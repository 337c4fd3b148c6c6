import type {
  FigureDifference,
  FiguresStore,
  HourRecount,
  RollupOfShard,
} from '../../engine/model/verify-figures.js';
import { defineQuery, type NamedQuery } from '../clickhouse/define-query.js';
import { number, paramsOf, rowOf, text } from '../clickhouse/row-check.js';
import type { Store } from '../clickhouse/store.js';
import {
  CHECKED_ROLLUPS,
  COMPLETE_FROM_SQL,
  differencesSql,
  digestSql,
  LIST_HOURS_SQL,
} from './figures-sql.js';

/** Hours from 1970 to 2106: a bound, not a page. */
const HOURS_MAX = 1_200_000;

/** Only one shard is asked at a time, so there is nothing to merge. */
const OF_ONE_SHARD = { compare: () => 0, limit: HOURS_MAX };

interface RangeParams {
  /** Seconds since the epoch. */
  readonly from: number;
  readonly until: number;
  readonly limit: number;
}

const listHours = defineQuery({
  name: 'verify_list_hours',
  params: paramsOf<RangeParams>(),
  row: rowOf({ hour: number, eventCount: number }),
  sql: LIST_HOURS_SQL,
  merge: OF_ONE_SHARD,
});

const completeFrom = defineQuery({
  name: 'verify_complete_from',
  params: paramsOf<{ readonly rollup: string; readonly limit: number }>(),
  row: rowOf({ completeFrom: number }),
  sql: COMPLETE_FROM_SQL,
  merge: OF_ONE_SHARD,
});

/** Which roll-up is meant is in the text of the query: tables cannot be parameters. */
const digestFigures = forEachRollup((rollup) =>
  defineQuery({
    name: `verify_digest_${rollup}`,
    params: paramsOf<RangeParams>(),
    row: rowOf({ hour: number, digest: text, total: number, scale: number }),
    sql: digestSql(rollup, 'figures'),
    merge: OF_ONE_SHARD,
  }),
);

interface RecountParams extends RangeParams {
  readonly keys: readonly string[];
  readonly positions: readonly bigint[];
}

const digestEvents = forEachRollup((rollup) =>
  defineQuery({
    name: `verify_recount_${rollup}`,
    params: paramsOf<RecountParams>(),
    row: rowOf({ hour: number, digest: text, total: number, scale: number, openCount: number }),
    sql: digestSql(rollup, 'events'),
    merge: OF_ONE_SHARD,
  }),
);

const listDifferences = forEachRollup((rollup) =>
  defineQuery({
    name: `verify_differences_${rollup}`,
    params: paramsOf<RangeParams>(),
    row: rowOf({ minute: number, key: text, figures: number, events: number }),
    sql: differencesSql(rollup),
    merge: OF_ONE_SHARD,
  }),
);

function forEachRollup<Params, Row>(
  make: (rollup: string) => NamedQuery<Params, Row>,
): (rollup: string) => NamedQuery<Params, Row> {
  const made = new Map(CHECKED_ROLLUPS.map((rollup) => [rollup, make(rollup)]));
  return (rollup) => {
    const query = made.get(rollup);
    if (!query) throw new Error(`BUG: no roll-up ${rollup}`);
    return query;
  };
}

/** Roll-ups and a recount of their events, as `verify` reads them; only SELECT, so the read-only user is enough. */
export function createFiguresStore(store: Store): FiguresStore {
  async function rowsOf<Params, Row>(
    query: NamedQuery<Params, Row>,
    params: Params,
    { shard, signal }: { readonly shard: number; readonly signal: AbortSignal },
  ): Promise<readonly Row[]> {
    return (await query(store, params, { signal, requireAll: true, shards: [shard] })).rows;
  }
  return {
    shardCount: store.shardCount,
    rollups: CHECKED_ROLLUPS,
    async completeFrom({ shard, rollup }, signal) {
      const rows = await rowsOf(completeFrom, { rollup, limit: 1 }, { shard, signal });
      return rows[0]?.completeFrom ?? null;
    },
    listHours: (shard, range, signal) =>
      rowsOf(listHours, { ...range, limit: HOURS_MAX }, { shard, signal }),
    async digestFigures({ shard, rollup }, range, signal) {
      const params = { ...range, limit: HOURS_MAX };
      return byHour(await rowsOf(digestFigures(rollup), params, { shard, signal }));
    },
    async digestEvents({ shard, rollup }, { from, until, open }, signal) {
      const keys = open.map(({ topic, epoch, partition }) => `${topic}/${epoch}/${partition}`);
      const positions = open.map(({ position }) => position);
      const params = { from, until, keys, positions, limit: HOURS_MAX };
      return byHour<HourRecount>(await rowsOf(digestEvents(rollup), params, { shard, signal }));
    },
    listDifferences: (
      { shard, rollup }: RollupOfShard,
      range,
      signal,
    ): Promise<readonly FigureDifference[]> =>
      rowsOf(listDifferences(rollup), range, { shard, signal }),
  };
}

function byHour<Row>(rows: readonly (Row & { readonly hour: number })[]): ReadonlyMap<number, Row> {
  return new Map(rows.map((row) => [row.hour, row]));
}
