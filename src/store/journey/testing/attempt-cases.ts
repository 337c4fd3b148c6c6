import type { Event } from '../../../engine/model/event.js';
import { createRandom, type Random } from '../../../engine/model/random.js';
import { formatRfc3339 } from '../../../engine/model/timestamp.js';
import type { Store } from '../../clickhouse/store.js';
import { writeEvents } from '../../testing/write-events.js';
import type { TimedEvent } from './recount-chains.js';

/** What one seed made up: attempts and facts of a few orders, close to all edges. */
export interface AttemptCase {
  readonly seed: number;
  readonly patienceMs: number;
  readonly beginNs: bigint;
  readonly events: readonly TimedEvent[];
}

const NS_PER_MS = 1_000_000n;
const FIRST_NS = BigInt(Date.UTC(2026, 5, 1)) * NS_PER_MS;

/** No case reaches so far: none sees events of another. */
const CASE_NS = 4n * 3_600_000n * NS_PER_MS;

/** A case lasts this many quarters of its patience. */
const QUARTERS = 40;

export function pick<T>(items: readonly T[], random: Random): T {
  return items[random.integerBelow(items.length)]!;
}

/** Times lie on quarters of patience, so that pauses are often exactly as long as it, or a nanosecond off. */
export function momentOf({ beginNs, patienceMs }: Omit<AttemptCase, 'events'>, random: Random) {
  const quarterNs = (BigInt(patienceMs) * NS_PER_MS) / 4n;
  const offNs = pick([0n, 0n, 0n, 1n, -1n], random);
  return beginNs + quarterNs * BigInt(random.integerBelow(QUARTERS)) + offNs;
}

/** The cases of many seeds, by which everything is decided. */
export function makeAttemptCases(seeds: readonly number[]): AttemptCase[] {
  return seeds.map((seed, at) => {
    const random = createRandom(seed);
    const patienceMs = pick([4_000, 60_000, 300_000], random);
    const frame = { seed, patienceMs, beginNs: FIRST_NS + BigInt(at) * CASE_NS };
    const count = 1 + random.integerBelow(24);
    const known = new Map<string, Event>();
    const events = Array.from({ length: count }, (): TimedEvent => {
      const tsNs = momentOf(frame, random);
      const event = makeEvent(seed, random);
      // At one moment the same attempt of the same action that ended the same way is one event.
      const name = JSON.stringify(
        [tsNs, event.order_id, event.attempt, event.op_id, event.status].map(String),
      );
      const first = known.get(name) ?? event;
      known.set(name, first);
      return { tsNs, event: first };
    });
    return { ...frame, events };
  });
}

function makeEvent(seed: number, random: Random): Event {
  const order_id = `${seed}-${pick(['a', 'a', 'b', 'c', ''], random)}`.replace(/-$/, '');
  const base = { service: 'payment', kind: 'record', user_id: pick(['u1', 'u2'], random) };
  const ids = order_id === String(seed) ? {} : { order_id };
  const type = pick(
    [...Array<string>(12).fill('payment.attempt'), 'order.paid', 'order.failed', 'page.view'],
    random,
  );
  if (type !== 'payment.attempt') return { ...base, ...ids, type, status: 'x' };
  const number = pick([undefined, 1, 1, 2, 3, 4, 11], random);
  return {
    ...base,
    ...ids,
    type,
    op_id: pick(['op-1', 'op-2', 'op-3'], random),
    ...(number === undefined ? {} : { attempt: number }),
    status: pick(['ok', 'failed', 'failed', 'timeout'], random),
    provider: pick(['acme', 'paybridge', ''], random),
    ...pick<Event>(
      [
        { amount: '12.50', currency: 'EUR' },
        { amount: '0.000000001', currency: 'EUR' },
        { amount: '9007199254740993.10', currency: 'USD' },
        { amount: '-3', currency: 'USD' },
        { currency: 'EUR' },
        {},
      ],
      random,
    ),
  };
}

/** Stores all events in an order that is not the one of time, over all shards; some are sent twice. Gives each as often as it is stored. */
export async function storeAttemptCases(
  store: Store,
  cases: readonly Pick<AttemptCase, 'events'>[],
): Promise<TimedEvent[]> {
  const random = createRandom(4711);
  const sent = cases.flatMap(({ events }) => events);
  const again = sent.filter(() => random.next() < 0.15);
  const shares = Array.from({ length: store.shardCount }, (): Record<string, unknown>[] => []);
  const stored = [...sent, ...again];
  for (const { tsNs, event } of shuffle([...stored], random))
    pick(shares, random).push({ ...event, ts: formatRfc3339(tsNs) });
  for (const [shard, share] of shares.entries()) {
    const target = { topic: 'events', partition: shard, shard };
    await writeEvents(store, share, target);
    // The same chunk once more, as after a worker's death: nothing of it counts twice.
    await writeEvents(store, share, target);
  }
  return stored;
}

function shuffle<T>(items: T[], random: Random): T[] {
  for (let at = items.length - 1; at > 0; at -= 1) {
    const other = random.integerBelow(at + 1);
    [items[at], items[other]] = [items[other]!, items[at]!];
  }
  return items;
}
