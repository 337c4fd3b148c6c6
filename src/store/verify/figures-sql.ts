/** One roll-up as it is compared: how its rows are merged, and how the same is counted from the events. */
interface FiguresText {
  /** Besides the minute. */
  readonly keys: readonly string[];
  /** Number of events. */
  readonly count: Side;
  /** What must be equal to the last bit, besides the number of events. */
  readonly exact: readonly Side[];
  /** A sum of floating-point numbers. */
  readonly total: Side;
  /** The events that the roll-up is of. */
  readonly where: string;
}

interface Side {
  readonly figures: string;
  readonly events: string;
}

/** A zero has no sign here: which of two zeros is the least hangs on their order. */
const extreme = (figures: string, events: string): Side => ({
  figures: `${figures} + 0`,
  events: `${events} + 0`,
});

const RANKS = '0.01, 0.5, 0.75, 0.99';

/** Written for this check and not taken from the views (migration 0003): a fault in a view would be in both. */
const FIGURES: Readonly<Record<string, FiguresText>> = {
  traffic_1m: {
    keys: ['kind', 'type', 'level', 'service', 'operation', 'provider', 'status', 'currency'],
    count: { figures: 'sum(f.count)', events: 'count()' },
    exact: [
      { figures: 'toString(sum(f.amount))', events: 'toString(ifNull(sum(f.amount), 0))' },
      { figures: 'sum(f.amount_count)', events: 'countIf(f.amount IS NOT NULL)' },
      { figures: 'sum(f.duration_count)', events: 'countIf(f.duration_ms IS NOT NULL)' },
      extreme('min(f.duration_min)', 'ifNull(min(f.duration_ms), inf)'),
      extreme('max(f.duration_max)', 'ifNull(max(f.duration_ms), -inf)'),
      {
        figures: `toString(quantilesBFloat16Merge(${RANKS})(f.duration_quantiles))`,
        events: `toString(quantilesBFloat16If(${RANKS})(assumeNotNull(f.duration_ms), f.duration_ms IS NOT NULL))`,
      },
      { figures: 'sum(f.user_event_count)', events: `countIf(f.user_id != '')` },
      { figures: 'uniqExactMerge(f.users)', events: `uniqExactIf(f.user_id, f.user_id != '')` },
    ],
    total: { figures: 'sum(f.duration_sum)', events: 'ifNull(sum(f.duration_ms), 0)' },
    where: '1',
  },
  sessions_1m: {
    keys: ['user_id', 'session_id', 'operation'],
    count: { figures: 'sum(f.count)', events: 'count()' },
    exact: [
      { figures: 'min(f.first)', events: 'min(f.ts)' },
      { figures: 'max(f.last)', events: 'max(f.ts)' },
    ],
    total: { figures: '0.', events: '0.' },
    where: `(f.session_id != '' OR f.user_id != '')`,
  },
  metrics_1m: {
    keys: ['metric', 'unit', 'service', 'host', 'node', 'pod', 'container'],
    count: { figures: 'sum(f.count)', events: 'count()' },
    exact: [
      extreme('min(f.min)', 'min(assumeNotNull(f.value))'),
      extreme('max(f.max)', 'max(assumeNotNull(f.value))'),
      extreme(
        'tupleElement(max(f.last), 2)',
        'tupleElement(max((f.ts, assumeNotNull(f.value))), 2)',
      ),
    ],
    total: { figures: 'sum(f.sum)', events: 'sum(assumeNotNull(f.value))' },
    where: `f.kind = 'metric' AND f.value IS NOT NULL`,
  },
};

/** Roll-ups that have tables of their own; the others are views of these. */
export const CHECKED_ROLLUPS: readonly string[] = Object.keys(FIGURES);

/** Minutes are reckoned without the function that the views use. */
const MINUTE_OF_EVENT = `toDateTime(intDiv(toUnixTimestamp64Second(f.ts), 60) * 60, 'UTC')`;

const WHERE_MINUTES = `f.minute >= toDateTime({from:UInt32}, 'UTC') AND f.minute < toDateTime({until:UInt32}, 'UTC')`;
const WHERE_TIMES = `f.ts >= toDateTime({from:UInt32}, 'UTC') AND f.ts < toDateTime({until:UInt32}, 'UTC')`;

/** Events of the group's open chunks: `keys` are partitions, `positions` what was committed of each. */
const OPEN = `countIf(f.offset >= transform(
  concat(f.topic, '/', toString(f.epoch), '/', toString(f.partition)),
  {keys:Array(String)}, {positions:Array(UInt64)}, toUInt64(18446744073709551615)))`;

function textOf(rollup: string): FiguresText {
  const text = FIGURES[rollup];
  if (!text) throw new Error(`BUG: no roll-up ${rollup}`);
  return text;
}

/** One row per minute and key: `n`, `hash`, `float_total`, and of events `open`. */
function sideOf(rollup: string, side: keyof Side, { withOpen = false } = {}): string {
  const { keys, count, exact, total, where } = textOf(rollup);
  const minute = side === 'figures' ? 'f.minute' : MINUTE_OF_EVENT;
  const named = keys.map((key) => `toString(f.${key}) AS k_${key}`);
  const values = exact.map((each, at) => `${each[side]} AS v${at}`);
  const hashed = ['at', ...keys.map((key) => `k_${key}`), 'n', ...exact.map((_, at) => `v${at}`)];
  const from =
    side === 'figures'
      ? `${rollup}_local AS f WHERE ${WHERE_MINUTES}`
      : `events_local AS f WHERE ${WHERE_TIMES} AND ${where}`;
  return `
    SELECT ${minute} AS at, ${named.join(', ')}, toUInt64(${count[side]}) AS n, ${values.join(', ')},
      toFloat64(${total[side]}) AS float_total, ${withOpen ? `${OPEN} AS open, ` : ''}cityHash64(${hashed.join(', ')}) AS hash
    FROM ${from}
    GROUP BY at, ${keys.map((key) => `k_${key}`).join(', ')}`;
}

const HOUR = 'intDiv(toUnixTimestamp(at), 3600) * 3600';

/** A digest per hour of one side; it does not hang on the order of rows. */
export function digestSql(rollup: string, side: keyof Side): string {
  const withOpen = side === 'events';
  return `
  SELECT ${HOUR} AS hour, toString(sum(hash)) AS digest, sum(float_total) AS total, sum(abs(float_total)) AS scale
    ${withOpen ? ', sum(open) AS openCount' : ''}
  FROM (${sideOf(rollup, side, { withOpen })}
  )
  GROUP BY hour ORDER BY hour
  LIMIT {limit:UInt32}`;
}

/** Rows of minute and key whose sides differ, one being 0 where it has no such row. */
export function differencesSql(rollup: string): string {
  const { keys } = textOf(rollup);
  const names = keys.map((key) => `k_${key}`);
  const shown = keys.map((key) => `if(k_${key} = '', '', concat('${key}=', k_${key}))`);
  const part = (side: keyof Side): string =>
    `SELECT '${side}' AS side, at, ${names.join(', ')}, n, hash FROM (${sideOf(rollup, side)})`;
  return `
  SELECT toUnixTimestamp(at) AS minute, arrayStringConcat(arrayFilter(each -> each != '', [${shown.join(', ')}]), ' ') AS key,
    sumIf(n, side = 'figures') AS figures, sumIf(n, side = 'events') AS events
  FROM (${part('figures')}
    UNION ALL ${part('events')})
  GROUP BY at, ${names.join(', ')}
  HAVING sumIf(hash, side = 'figures') != sumIf(hash, side = 'events')
  ORDER BY minute, key
  LIMIT {limit:UInt32}`;
}

/** Hours with anything in them. Counted from the time alone: this only says where to look. */
export const LIST_HOURS_SQL = `
  SELECT hour, sum(n) AS eventCount
  FROM (
    SELECT toUInt32(intDiv(toUnixTimestamp64Second(f.ts), 3600) * 3600) AS hour, count() AS n
    FROM events_local AS f WHERE ${WHERE_TIMES} GROUP BY hour
    ${CHECKED_ROLLUPS.map(
      (rollup) => `UNION ALL
    SELECT DISTINCT toUInt32(intDiv(toUnixTimestamp(f.minute), 3600) * 3600) AS hour, toUInt64(0) AS n
    FROM ${rollup}_local AS f WHERE ${WHERE_MINUTES}`,
    ).join('\n    ')}
  )
  GROUP BY hour ORDER BY hour
  LIMIT {limit:UInt32}`;

/** Without a row the roll-up was never said to be complete. */
export const COMPLETE_FROM_SQL = `
  SELECT toUnixTimestamp(max(complete_from)) AS completeFrom
  FROM rollup_state_local WHERE rollup = {rollup:String}
  HAVING count() > 0
  LIMIT {limit:UInt32}`;
