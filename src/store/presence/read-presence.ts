import type { AnswerSource } from '../../engine/model/question/answer.js';
import { defineQuery, type QueryOptions } from '../clickhouse/define-query.js';
import { bigint, number, rowOf, truth } from '../clickhouse/row-check.js';
import type { Store } from '../clickhouse/store.js';
import type { SqlParams } from '../query/sql-params.js';
import { buildPresence, NEVER_NS, type PresenceQuestion } from './presence-query.js';
import { readWidely } from './read-widely.js';

/** How many are there at once, at most, and the first moment at which they are. */
export interface Peak {
  readonly count: number;
  readonly atNs: bigint;
}

/** An interval, and who was there in it. */
export interface PresenceInterval {
  readonly startNs: bigint;
  readonly total: Peak;
  readonly viewing: Peak;
  readonly buying: Peak;
  /** Different users and sessions. */
  readonly users: number;
  readonly sessions: number;
}

export interface Presence {
  /** As many as were asked for. */
  readonly intervals: readonly PresenceInterval[];
  /** At the probe; null: there was none. */
  readonly probe: { readonly total: number; readonly buying: number } | null;
  /** First sign of the oldest session in the range that may go on and is not buying yet; null: there is none. */
  readonly openFirstNs: bigint | null;
  /** Whether a session is longer than anything that was read. */
  readonly isCut: boolean;
  readonly source: AnswerSource;
  readonly missingShards: readonly number[];
}

/** Asks who was there; the range of what is read is found here. */
export function readPresence(
  store: Store,
  question: Omit<PresenceQuestion, 'read'>,
  options: QueryOptions,
): Promise<Presence> {
  return readWidely(question, (read) => askOnce(store, { ...question, read }, options));
}

async function askOnce(store: Store, question: PresenceQuestion, options: QueryOptions) {
  const query = buildPresence(question);
  const { rows, missingShards } = await defineQuery({
    name: 'users',
    params: { parse: (values) => values as SqlParams['values'] },
    row: presenceRow,
    sql: query.sql,
    settings: SETTINGS,
  })(store, query.params.values, options);
  const openFirstNs = rows.reduce(
    (least, { open_first_ns: ns }) => (ns < least ? ns : least),
    NEVER_NS,
  );
  const cut = {
    isBefore: rows.some((row) => row.is_cut_before),
    isAfter: rows.some((row) => row.is_cut_after),
  };
  const answer: Presence = {
    intervals: rows.map(decodeInterval),
    probe: probeOf(rows, question.probeNs),
    openFirstNs: openFirstNs === NEVER_NS ? null : openFirstNs,
    isCut: cut.isBefore || cut.isAfter,
    source: query.source,
    missingShards,
  };
  return { answer, cut };
}

/** Groups and sorts that outgrow this go to disk instead of ending the question. */
const SPILL_BYTES = 1024 ** 3;

const SETTINGS = {
  max_bytes_before_external_group_by: SPILL_BYTES,
  max_bytes_before_external_sort: SPILL_BYTES,
};

const presenceRow = rowOf({
  interval_start: bigint,
  total_peak: number,
  total_at: bigint,
  viewing_peak: number,
  viewing_at: bigint,
  buying_peak: number,
  buying_at: bigint,
  users: number,
  sessions: number,
  probe_total: number,
  probe_buying: number,
  open_first_ns: bigint,
  is_cut_before: truth,
  is_cut_after: truth,
});

type PresenceRow = ReturnType<typeof presenceRow.parse>;

function decodeInterval(row: PresenceRow): PresenceInterval {
  return {
    startNs: row.interval_start,
    total: { count: row.total_peak, atNs: row.total_at },
    viewing: { count: row.viewing_peak, atNs: row.viewing_at },
    buying: { count: row.buying_peak, atNs: row.buying_at },
    users: row.users,
    sessions: row.sessions,
  };
}

/** Only its own interval knows it; elsewhere nobody is there at that moment. */
function probeOf(rows: readonly PresenceRow[], probeNs: bigint | null): Presence['probe'] {
  if (probeNs === null) return null;
  const most = (pick: (row: PresenceRow) => number): number =>
    rows.reduce((largest, row) => Math.max(largest, pick(row)), 0);
  return { total: most((row) => row.probe_total), buying: most((row) => row.probe_buying) };
}
