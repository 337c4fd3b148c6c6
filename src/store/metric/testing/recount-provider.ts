import { createMatch } from '../../../engine/filter/create-match.js';
import type { Event } from '../../../engine/model/event.js';
import type { AnswerRange } from '../../../engine/model/question/answer.js';
import type { Journeys } from '../../../engine/model/question/journeys.js';

/** An event and its time as the store has it. */
interface TimedEvent {
  readonly tsNs: bigint;
  readonly event: Event;
}

const DAY_NS = 86_400_000_000_000n;

/** Gives each event the provider that its order's attempts say, where it says none: by looking at the attempts one by one. */
export function createGiveProvider(
  all: readonly TimedEvent[],
  { spec, attempts }: Journeys,
): <T extends TimedEvent>(one: T, range: AnswerRange) => T {
  const isAttempt = createMatch(attempts);
  const byOrder = new Map<string, TimedEvent[]>();
  for (const one of all) {
    const { order_id: orderId = '', provider = '' } = one.event;
    if (orderId === '' || provider === '' || !isAttempt(one.event)) continue;
    byOrder.set(orderId, [...(byOrder.get(orderId) ?? []), one]);
  }
  for (const own of byOrder.values()) own.sort(byPlace);
  return (one, { fromNs, toNs }) => {
    if ((one.event.provider ?? '') !== '') return one;
    const own = (byOrder.get(one.event.order_id ?? '') ?? []).filter(
      ({ tsNs }) => tsNs >= fromNs - 7n * DAY_NS && tsNs < toNs + DAY_NS,
    );
    const ok = own.find(({ event }) => spec.attempts.okStatuses.includes(event.status ?? ''));
    const provider = (ok ?? own.at(-1))?.event.provider;
    return provider === undefined ? one : { ...one, event: { ...one.event, provider } };
  };
}

/** At one moment by number, those without one last; then by action and provider. */
function byPlace(a: TimedEvent, b: TimedEvent): number {
  const places = [a, b].map(({ tsNs, event }) => [
    tsNs,
    BigInt(event.attempt ?? 4_294_967_295),
    event.op_id ?? '',
    event.provider ?? '',
  ]);
  const [left = [], right = []] = places;
  const at = left.findIndex((part, index) => part !== right[index]);
  if (at === -1) return 0;
  return left[at]! < right[at]! ? -1 : 1;
}
