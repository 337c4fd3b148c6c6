import { fieldsOf, type Filter } from '../../engine/model/filter.js';
import type { AnswerRange } from '../../engine/model/question/answer.js';
import type { EventField } from '../../engine/model/event.js';
import { filterToSql } from '../query/filter-sql.js';
import { instantSql, type SqlParams } from '../query/sql-params.js';
import type { Metric, OrderAttempts } from './metric.js';
import type { FieldName } from './rollup.js';

const DAY_NS = 86_400_000_000_000n;

/** An order is paid soon after it was placed, and its money is asked back within days: attempts are looked for so far before a range and after it. */
const LOOK_BACK_NS = 7n * DAY_NS;
const LOOK_ON_NS = DAY_NS;

/** Stands for a number that is missing: such attempts come last. */
const NO_NUMBER = 4_294_967_295;

/** What is asked of facts that say no provider themselves. */
interface Asked {
  readonly metric: Metric;
  readonly range: AnswerRange;
  readonly by: readonly FieldName[];
  readonly filter: Filter;
}

/** The attempts that tell the provider, where one is asked for and facts do not say it; else null. */
export function providerAttempts({ metric, by, filter }: Asked): OrderAttempts | null {
  const isAsked = by.includes('provider') || fieldsOf(filter).has('provider');
  return isAsked ? (metric.orderAttempts ?? null) : null;
}

/** What measures of such facts look at. */
const MEASURED: readonly EventField[] = ['status', 'amount', 'currency'];

/**
 * The metric's events in the range with the fields that are asked for, as a table. A fact without a provider has the one of its
 * order: of the first attempt that succeeded, else of the last one. Attempts are other actions, hence on any shard: shards
 * send half of what they know of the orders in the range, and get back one line an order.
 */
export function factsWithProvider(
  asked: Asked,
  attempts: OrderAttempts,
  params: SqlParams,
): string {
  const { metric, range, by, filter } = asked;
  const inRange = (from: bigint, to: bigint): string =>
    `ts >= ${instantSql(from, params)} AND ts < ${instantSql(to, params)}`;
  const isFact = `${inRange(range.fromNs, range.toNs)} AND (${filterToSql(metric.where, params)})`;
  const needed = new Set<EventField>([...MEASURED, 'ts', ...by, ...fieldsOf(filter)]);
  needed.delete('provider');
  const columns = [...needed].map((field) => `\`${field}\``).join(', ');
  const isOk = `status IN ${params.add('Array(String)', attempts.okStatuses)}`;
  // What comes after the number decides between attempts at one moment, so that arrival does not.
  const place = `(ts, ifNull(attempt, ${NO_NUMBER}), op_id, provider)`;
  return `(
      SELECT ${columns}, if(own_provider != '', own_provider, order_provider) AS provider
      FROM
      (
        SELECT ${columns}, toString(provider) AS own_provider, order_provider
        FROM events
        GLOBAL ANY LEFT JOIN
        (
          SELECT order_id AS tried_order,
            toString(if(countIf(${isOk}) > 0, argMinIf(provider, ${place}, ${isOk}), argMax(provider, ${place}))) AS order_provider
          FROM events
          WHERE ${inRange(range.fromNs - LOOK_BACK_NS, range.toNs + LOOK_ON_NS)}
            AND order_id != '' AND provider != '' AND (${filterToSql(attempts.where, params)})
            AND order_id GLOBAL IN (SELECT order_id FROM events WHERE ${isFact} AND provider = '')
          GROUP BY order_id
        ) AS tried ON order_id = tried_order
        WHERE ${isFact}
      )
    )`;
}
