import type { Filter } from '../../engine/model/filter.js';
import {
  factsWith,
  TIME_COLUMN,
  type Answer,
  type AnswerColumn,
  type AnswerFact,
  type AnswerRange,
  type AnswerRow,
  type AnswerShape,
  type Buckets,
} from '../../engine/model/question/answer.js';
import type { JourneysSpec } from '../../engine/model/question/journeys.js';
import type { QueryOptions } from '../clickhouse/define-query.js';
import type { Store } from '../clickhouse/store.js';
import { rollupCompleteFrom } from '../metric/rollup-state.js';
import { GRACE_NS, readWatermark } from '../query/watermark.js';
import { readPresence, type Peak, type Presence, type PresenceInterval } from './read-presence.js';
import type { PresenceQuestion } from './presence-query.js';
import { isKeptApart, SESSIONS_ROLLUP } from './session-slots.js';

/** A question for users who are there at the same time. */
export interface UsersQuestion {
  readonly range: AnswerRange;
  /** null: one row for the whole range. */
  readonly buckets: Buckets | null;
  /** Which events are signs of life. */
  readonly filter: Filter;
  readonly sessions: JourneysSpec['sessions'];
  /** Wall clock. */
  readonly nowMs: number;
}

const NS_PER_MS = 1_000_000n;

/**
 * How many users were there at the same time, viewing and buying, to the nanosecond. A user is there during each of his sessions,
 * and buying while one of them is a buying one: total = viewing + buying, each user once.
 */
export async function readUsers(
  store: Store,
  question: UsersQuestion,
  options: QueryOptions,
): Promise<Answer> {
  const [watermark, rolledUpFromNs] = await Promise.all([
    readWatermark(store, question, options),
    isKeptApart(question.filter) ? rollupCompleteFrom(store, SESSIONS_ROLLUP, options) : null,
  ]);
  const asked = presenceQuestion(question, { watermarkNs: watermark.ns, rolledUpFromNs });
  const presence = await readPresence(store, asked, options);
  const finalUntilNs = finalUntil(presence, asked);
  const missing = new Set([...watermark.missingShards, ...presence.missingShards]);
  return {
    question: 'users',
    range: question.range,
    columns: question.buckets === null ? COLUMNS : [TIME_COLUMN, ...COLUMNS],
    rows: rowsOf(presence.intervals, question, finalUntilNs),
    intervalsNs: question.buckets?.startsMs.map((ms) => BigInt(ms) * NS_PER_MS) ?? [],
    facts: factsOf(presence, { nowNs: asked.probeNs, finalUntilNs }),
    notes: presence.isCut ? [CUT_NOTE] : [],
    source: presence.source,
    missingShards: [...missing].toSorted((a, b) => a - b),
  };
}

function presenceQuestion(
  { range, buckets, filter, sessions }: UsersQuestion,
  {
    watermarkNs,
    rolledUpFromNs,
  }: { readonly watermarkNs: bigint | null; readonly rolledUpFromNs: bigint | null },
): Omit<PresenceQuestion, 'read'> {
  const later = buckets?.startsMs.slice(1).map((ms) => BigInt(ms) * NS_PER_MS) ?? [];
  const isInRange = watermarkNs !== null && watermarkNs >= range.fromNs && watermarkNs < range.toNs;
  return {
    range,
    filter,
    sessions,
    rolledUpFromNs,
    // The first interval may begin before the range.
    startsNs: [range.fromNs, ...later],
    probeNs: isInRange ? watermarkNs : null,
    openSinceNs:
      watermarkNs === null ? null : watermarkNs - GRACE_NS - BigInt(sessions.gapMs) * NS_PER_MS,
  };
}

/**
 * What lies before cannot change any more, unless by events that are later than the grace. Somebody in a pause may come back and
 * was there all the while, so the last gap is open; and a session that goes on may turn buying, from its first sign on.
 */
function finalUntil(
  { openFirstNs }: Presence,
  { range, openSinceNs }: Pick<PresenceQuestion, 'range' | 'openSinceNs'>,
): bigint | null {
  if (openSinceNs === null) return null;
  const ends = [range.toNs, openSinceNs, openFirstNs ?? openSinceNs];
  return ends.reduce((one, other) => (one < other ? one : other));
}

function rowsOf(
  intervals: readonly PresenceInterval[],
  { range, buckets }: UsersQuestion,
  finalUntilNs: bigint | null,
): AnswerRow[] {
  return intervals.map((interval, index) => {
    const startMs = buckets?.startsMs[index];
    const endNs = intervals[index + 1]?.startNs ?? range.toNs;
    return {
      ...(startMs === undefined ? {} : { [TIME_COLUMN.name]: BigInt(startMs) * NS_PER_MS }),
      total: interval.total.count,
      total_at: momentOf(interval.total),
      viewing: interval.viewing.count,
      viewing_at: momentOf(interval.viewing),
      buying: interval.buying.count,
      buying_at: momentOf(interval.buying),
      users: interval.users,
      sessions: interval.sessions,
      provisional: finalUntilNs === null || endNs > finalUntilNs,
    };
  });
}

/** Nobody is there at no moment in particular. */
function momentOf({ count, atNs }: Peak): bigint | null {
  return count === 0 ? null : atNs;
}

function factsOf(
  { intervals, probe }: Presence,
  { nowNs, finalUntilNs }: { readonly nowNs: bigint | null; readonly finalUntilNs: bigint | null },
): AnswerFact[] {
  const peak = intervals.reduce<Peak>(
    (best, { total }) => (total.count > best.count ? total : best),
    { count: 0, atNs: 0n },
  );
  const values: Readonly<Record<string, AnswerFact['value']>> = {
    peak: peak.count,
    peak_at: momentOf(peak),
    now: probe?.total ?? null,
    now_viewing: probe === null ? null : probe.total - probe.buying,
    now_buying: probe?.buying ?? null,
    now_at: nowNs,
    now_provisional: probe === null ? null : true,
    final_until: finalUntilNs,
  };
  return factsWith(FACTS, values);
}

const COLUMNS: readonly AnswerColumn[] = [
  {
    name: 'total',
    kind: 'count',
    isLevel: true,
    summary: 'Most users at the same time in the interval.',
  },
  { name: 'total_at', kind: 'time', isDetail: true, summary: 'First moment with so many users.' },
  {
    name: 'viewing',
    kind: 'count',
    isLevel: true,
    summary: 'Most users who only view at the same time.',
  },
  {
    name: 'viewing_at',
    kind: 'time',
    isDetail: true,
    summary: 'First moment with so many viewing.',
  },
  { name: 'buying', kind: 'count', isLevel: true, summary: 'Most users who buy at the same time.' },
  { name: 'buying_at', kind: 'time', isDetail: true, summary: 'First moment with so many buying.' },
  {
    name: 'users',
    kind: 'count',
    isLevel: true,
    summary: 'Different users who were there in the interval.',
  },
  { name: 'sessions', kind: 'count', isLevel: true, summary: 'Sessions that touch the interval.' },
  { name: 'provisional', kind: 'truth', summary: 'Whether a figure of the interval may change.' },
];

const FACTS: readonly AnswerColumn[] = [
  { name: 'peak', kind: 'count', summary: 'Most users at the same time in the whole range.' },
  { name: 'peak_at', kind: 'time', summary: 'First moment with so many users.' },
  {
    name: 'now',
    kind: 'count',
    summary:
      'Users who are there at the watermark; unknown where the range does not reach it, and never final.',
  },
  { name: 'now_viewing', kind: 'count', summary: 'Those of them who only view.' },
  { name: 'now_buying', kind: 'count', summary: 'Those of them who buy.' },
  { name: 'now_at', kind: 'time', summary: 'The watermark: up to it event time has come.' },
  { name: 'now_provisional', kind: 'truth', summary: 'Always, where there is a now.' },
  {
    name: 'final_until',
    kind: 'time',
    summary: 'What lies before this moment of the range cannot change any more.',
  },
];

/** What `readUsers` answers. */
export const USERS_SHAPE: AnswerShape = { columns: COLUMNS, facts: FACTS };

const CUT_NOTE =
  'A session is longer than a day before or after the time that was asked for; whether it is buying is judged by what lies within.';
