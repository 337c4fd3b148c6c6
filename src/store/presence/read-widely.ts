import type { AnswerRange } from '../../engine/model/question/answer.js';
import type { JourneysSpec } from '../../engine/model/question/journeys.js';

const NS_PER_MS = 1_000_000n;
const NS_PER_MINUTE = 60_000n * NS_PER_MS;

/**
 * A session reaches as far as it has signs, and one that begins long before the range may go on long after it. So it
 * is looked for in so many gaps on either side, and where one is not seen whole, in four times as many.
 */
const LOOK_GAPS_FIRST = 2n;
const LOOK_FACTOR = 4n;

/** A robot has one session for ever. What it does further than this from the range says nothing about the range. */
const LOOK_NS_MAX = 24n * 60n * NS_PER_MINUTE;

/** What was read, and whether a session that matters may reach beyond it. */
interface Look<T> {
  readonly answer: T;
  readonly cut: { readonly isBefore: boolean; readonly isAfter: boolean };
}

/** Asks for more on either side of the range until each session of it is seen whole, or is longer than anybody looks. */
export async function readWidely<T>(
  { range, sessions }: { readonly range: AnswerRange; readonly sessions: JourneysSpec['sessions'] },
  ask: (read: AnswerRange) => Promise<Look<T>>,
): Promise<T> {
  const firstLook = lookOf(sessions);
  let look = { before: firstLook, after: firstLook };
  for (;;) {
    const { answer, cut } = await ask(widened(range, look));
    const next = {
      before: cut.isBefore ? wider(look.before, firstLook) : look.before,
      after: cut.isAfter ? wider(look.after, firstLook) : look.after,
    };
    if (next.before === look.before && next.after === look.after) return answer;
    look = next;
  }
}

function lookOf({ gapMs, lingerMs }: JourneysSpec['sessions']): bigint {
  return LOOK_GAPS_FIRST * BigInt(Math.max(gapMs, lingerMs)) * NS_PER_MS;
}

function wider(lookNs: bigint, firstNs: bigint): bigint {
  const most = LOOK_NS_MAX > firstNs ? LOOK_NS_MAX : firstNs;
  const next = lookNs * LOOK_FACTOR;
  return next < most ? next : most;
}

/** Whole minutes, because roll-ups know nothing finer. */
function widened(
  { fromNs, toNs }: AnswerRange,
  { before, after }: { readonly before: bigint; readonly after: bigint },
): AnswerRange {
  const from = fromNs - before;
  const to = toNs + after + NS_PER_MINUTE - 1n;
  return { fromNs: from - (from % NS_PER_MINUTE), toNs: to - (to % NS_PER_MINUTE) };
}
