import type { Sending } from '../../../../engine/generate/create-shop.js';
import type { Fault } from '../../../../engine/generate/fault/fault.js';
import { faultOf, runShop, smallSpec } from '../../../../engine/generate/testing/run-shop.js';
import type { Truth, TruthFact } from '../../../../engine/generate/truth.js';
import type { Event } from '../../../../engine/model/event.js';
import type { AnswerRange } from '../../../../engine/model/question/answer.js';
import { createRandom, type Random } from '../../../../engine/model/random.js';
import { parseInstant } from '../../../../engine/time/instant.js';
import { UTC } from '../../../../engine/time/zone.js';
import type { Store } from '../../../../store/clickhouse/store.js';
import { PARTITION_COUNT, ShopTopic } from './shop-topic.js';

/** One event as the store must have it. */
export interface OracleEvent {
  readonly event: Event;
  readonly tsNs: bigint;
  readonly partition: number;
  readonly offset: number;
}

/** What one seed's shop did, in hours of its own: a question about the case's range sees nothing of another seed. */
export interface ShopCase {
  readonly seed: number;
  /** The run and all that was late. */
  readonly range: AnswerRange;
  /** In no order that means something; duplicates are here as often as they were sent. */
  readonly events: readonly OracleEvent[];
  readonly facts: readonly TruthFact[];
  readonly truth: Truth;
  readonly faults: readonly Fault[];
}

const TOPIC = 'oracle';
const MINUTE_MS = 60_000;

/** Six cases a day: an insert makes a part of each table for every day that it touches. */
const SLOT_MS = 4 * 60 * MINUTE_MS;

/** From the slot's beginning: a clock that is wrong by 90 s stays within. */
const LEAD_MS = 10 * MINUTE_MS;
const NS_PER_MS = 1_000_000n;

/** The slots of the cases begin here, one after the other. */
const FIRST_SLOT_MS = Date.UTC(2025, 2, 1);

/** Seeds that travel in one chunk: an insert costs the same whatever its size. */
const SEEDS_A_CHUNK = 20;

/** One chunk in so many is sent a second time. */
const RESENT_EVERY = 4;

/** What may go wrong in the shop of a case, each with a chance of its own. */
const FAULTS: readonly (readonly [chance: number, input: Readonly<Record<string, unknown>>])[] = [
  [0.4, { kind: 'provider-down', provider: 'acme', at: '10m', for: '15m' }],
  [0.2, { kind: 'provider-flapping', provider: 'paybridge' }],
  [0.2, { kind: 'service-errors', service: 'payment' }],
  [0.15, { kind: 'service-silent', service: 'order', at: '20m', for: '5m' }],
  [0.2, { kind: 'hammering-user', operation: 'view', perSecond: 1, at: '15m', for: '1m' }],
  [0.3, { kind: 'refund-ring', users: 2 }],
  [0.3, { kind: 'double-click', share: 0.3 }],
  [0.4, { kind: 'late' }],
  [0.4, { kind: 'duplicated', share: 0.05 }],
  [0.4, { kind: 'out-of-order' }],
  [0.2, { kind: 'clock-skew', service: 'payment', by: '-90s' }],
  [0.2, { kind: 'poison' }],
];

/** What travels together: records of many shops in no order, as they are sent and as the events that they are. */
interface Load {
  readonly made: readonly ReturnType<typeof makeCase>[];
  readonly sendings: readonly Sending[];
  /** Of each of them: whose it is and what it says; undefined for poison. */
  readonly parsed: readonly (ParsedSending | undefined)[];
  /** Partitions whose chunk is sent a second time. */
  readonly isResent: (partition: number) => boolean;
}

interface ParsedSending {
  readonly own: ReturnType<typeof makeCase>;
  readonly event: Event;
  readonly tsNs: bigint;
}

/** A simulation costs more than storing what it sent, and is the same for every number of shards. */
const loadsOf = new Map<string, readonly Load[]>();

/**
 * Runs a shop of each seed, with faults by chance, and stores what it sent: in an order that is not the one of time,
 * over all shards, some chunks twice. Everything follows from the seeds.
 */
export async function storeShopCases(store: Store, seeds: readonly number[]): Promise<ShopCase[]> {
  const key = seeds.join();
  const loads = loadsOf.get(key) ?? makeLoads(seeds);
  loadsOf.set(key, loads);
  const topic = new ShopTopic(store, TOPIC);
  const cases: ShopCase[] = [];
  for (const { made, sendings, parsed, isResent } of loads) {
    const placed = await topic.write(sendings, isResent);
    const eventsOf = new Map(made.map((own): [unknown, OracleEvent[]] => [own, []]));
    for (const [index, one] of parsed.entries()) {
      if (one === undefined) continue;
      const { own, event, tsNs } = one;
      eventsOf.get(own)?.push({ event, tsNs, ...placed[index]! });
    }
    for (const own of made) {
      const { run, ...rest } = own;
      const { facts, truth } = run;
      cases.push({ ...rest, facts, truth, events: eventsOf.get(own) ?? [] });
    }
  }
  return cases;
}

function makeLoads(seeds: readonly number[]): Load[] {
  const loads: Load[] = [];
  for (let at = 0; at < seeds.length; at += SEEDS_A_CHUNK) {
    const random = createRandom(at + 1);
    const made = seeds
      .slice(at, at + SEEDS_A_CHUNK)
      .map((seed, index) => makeCase(seed, at + index));
    const sent = shuffled(
      made.flatMap((own) => own.run.sendings.map((sending) => ({ own, sending }))),
      random,
    );
    const resent = Array.from(
      { length: PARTITION_COUNT },
      () => random.integerBelow(RESENT_EVERY) === 0,
    );
    loads.push({
      made,
      sendings: sent.map(({ sending }) => sending),
      parsed: sent.map(({ own, sending }) => {
        const event = parseEvent(Buffer.from(sending.value));
        return event === undefined ? undefined : { own, event, tsNs: nsOf(event) };
      }),
      isResent: (partition) => resent[partition] === true,
    });
  }
  return loads;
}

function makeCase(seed: number, slot: number) {
  const random = createRandom(seed);
  const minutes = 30 + random.integerBelow(120);
  const slotMs = FIRST_SLOT_MS + slot * SLOT_MS;
  const fromMs = slotMs + LEAD_MS + random.integerBelow(MINUTE_MS);
  const toMs = fromMs + minutes * MINUTE_MS;
  const faults = FAULTS.filter(([chance]) => random.next() < chance).map(([, input]) =>
    faultOf(input),
  );
  const eventCount = 300 + random.integerBelow(500);
  const run = runShop(
    smallSpec({
      seed,
      fromMs,
      toMs,
      eventsPerSecond: eventCount / (minutes * 60),
      userCount: 5 + random.integerBelow(40),
      faults,
    }),
  );
  const range = {
    fromNs: BigInt(slotMs) * NS_PER_MS,
    toNs: BigInt(slotMs + SLOT_MS) * NS_PER_MS,
  };
  return { seed, run, range, faults };
}

/** Fisher and Yates. */
function shuffled<T>(items: T[], random: Random): T[] {
  for (let at = items.length - 1; at > 0; at -= 1) {
    const other = random.integerBelow(at + 1);
    [items[at], items[other]] = [items[other]!, items[at]!];
  }
  return items;
}

/** undefined: poison, which is no event. */
function parseEvent(value: Buffer): Event | undefined {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(value);
    const parsed: unknown = JSON.parse(text);
    const isEvent = typeof parsed === 'object' && parsed !== null && 'service' in parsed;
    return isEvent ? (parsed as Event) : undefined;
  } catch {
    return undefined;
  }
}

function nsOf({ ts }: Event): bigint {
  const ns = parseInstant(ts ?? '', { flag: 'ts', nowMs: 0, zone: UTC });
  if (ns === null) throw new Error(`the shop sent the time ${String(ts)}`);
  return ns;
}
