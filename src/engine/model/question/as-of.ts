import {
  TIME_COLUMN,
  type AnswerColumn,
  type AnswerFact,
  type AnswerRange,
  type AnswerRow,
  type Buckets,
} from './answer.js';

const NS_PER_MS = 1_000_000n;

/** How far events are known; nanoseconds since the epoch, 0 and less where there are none. */
export interface AsOf {
  /** The watermark: event time has come up to here. */
  readonly asOfNs: bigint;
  /** What lies before is final: the watermark less the grace for late events. */
  readonly finalNs: bigint;
  /** No stored event is younger. */
  readonly newestNs: bigint;
}

const AS_OF: AnswerColumn = {
  name: 'as_of',
  kind: 'time',
  summary: 'Up to here events are known; what is younger may still change.',
};

/** What `asOfFact` says, without its value. */
export const AS_OF_FACTS: readonly AnswerColumn[] = [AS_OF];

/** Up to when an answer knows everything. */
export function asOfFact({ asOfNs }: Pick<AsOf, 'asOfNs'>): AnswerFact {
  return { ...AS_OF, value: asOfNs };
}

/** Whether a row's figures can still change. */
export const PROVISIONAL_COLUMN: AnswerColumn = {
  name: 'provisional',
  kind: 'truth',
  isMark: true,
  summary: 'The figures can still change: their time is not over, or something in it is open.',
};

/** Marks a row whose interval (without one: whose range) is not final; one that is marked already stays so. */
export function withProvisional(
  row: AnswerRow,
  {
    range,
    buckets,
    finalNs,
  }: {
    readonly range: AnswerRange;
    readonly buckets: Buckets | null;
    readonly finalNs: bigint;
  },
): AnswerRow {
  const isMarked = row[PROVISIONAL_COLUMN.name] === true;
  const endNs = buckets === null ? range.toNs : endOf(row[TIME_COLUMN.name] as bigint, buckets);
  const countedNs = endNs < range.toNs ? endNs : range.toNs;
  return { ...row, [PROVISIONAL_COLUMN.name]: isMarked || countedNs > finalNs };
}

function endOf(startNs: bigint, { startsMs, endMs }: Buckets): bigint {
  const nextMs = startsMs.find((ms) => BigInt(ms) * NS_PER_MS > startNs);
  return BigInt(nextMs ?? endMs) * NS_PER_MS;
}
