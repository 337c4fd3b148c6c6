import type { Event } from '../../../engine/model/event.js';
import { createRandom, type Random } from '../../../engine/model/random.js';
import { pick } from '../../journey/testing/attempt-cases.js';
import type { TimedEvent } from './recount-funnel.js';

/** What one seed made up: steps and other signs of a few sessions, close to all edges. */
export interface SessionCase {
  readonly seed: number;
  readonly gapMs: number;
  readonly beginNs: bigint;
  readonly events: readonly TimedEvent[];
}

const NS_PER_MS = 1_000_000n;
const FIRST_NS = BigInt(Date.UTC(2026, 5, 1)) * NS_PER_MS;

/** No case reaches so far: none sees events of another. */
const CASE_NS = 4n * 3_600_000n * NS_PER_MS;

/** A case lasts this many quarters of its gap. */
const QUARTERS = 24;

/** Times lie on quarters of the gap, so that pauses are often exactly as long as it, or a nanosecond off. */
export function momentOf({ beginNs, gapMs }: Omit<SessionCase, 'events'>, random: Random): bigint {
  const quarterNs = (BigInt(gapMs) * NS_PER_MS) / 4n;
  const offNs = pick([0n, 0n, 0n, 1n, -1n], random);
  return beginNs + quarterNs * BigInt(random.integerBelow(QUARTERS)) + offNs;
}

/** The cases of many seeds. */
export function makeSessionCases(seeds: readonly number[]): SessionCase[] {
  return seeds.map((seed, at) => {
    const random = createRandom(seed);
    const gapMs = pick([4_000, 60_000, 300_000], random);
    const beginNs = FIRST_NS + BigInt(at) * CASE_NS;
    const events = Array.from({ length: 1 + random.integerBelow(80) }, (): TimedEvent => {
      const tsNs = momentOf({ seed, gapMs, beginNs }, random);
      return { tsNs, event: makeEvent(seed, random) };
    });
    return { seed, gapMs, beginNs, events };
  });
}

/** Session 1 is of u1 and session 2 of u2, who is in it without a name at times; session 3 is of nobody known. */
function makeEvent(seed: number, random: Random): Event {
  const who = pick<readonly [session: string, user: string]>(
    [
      ['1', 'u1'],
      ['2', 'u2'],
      ['2', ''],
      ['3', ''],
      ['4', 'u1'],
      ['', 'u1'],
      ['', ''],
    ],
    random,
  );
  const [session, user] = who.map((name) => (name === '' ? '' : `${seed}-${name}`));
  return {
    service: pick(['catalog', 'order'], random),
    type: pick(
      ['page.view', 'page.view', 'order.reserved', 'order.reserved', 'order.paid', 'log'],
      random,
    ),
    ...(session === '' ? {} : { session_id: session! }),
    ...(user === '' ? {} : { user_id: user! }),
    ...pick<Event>([{}, { page: '/' }, { page: '/sale' }], random),
    ...pick<Event>([{ op_id: 'op-1' }, { op_id: 'op-2' }, {}], random),
  };
}
