import type { Sending, Shop } from '../../../engine/generate/create-shop.js';
import type { Clock } from '../../../engine/model/clock.js';
import type { EventSink } from './event-sink.js';

/** One batch is about this many events: enough for the queue's full rate, little enough to be held. */
const EVENTS_A_STEP = 2_000;

/** In step with the clock, events come this late at most. */
const PACED_STEP_MS = 50;

export interface PumpOptions {
  readonly shop: Shop;
  readonly sink: EventSink;
  readonly fromMs: number;
  readonly eventsPerSecond: number;
  /** Simulated seconds a second of the clock; null: as fast as it goes. */
  readonly speed: number | null;
  readonly clock: Clock;
  /** When aborted the pump ends after the step in hand. */
  readonly signal: AbortSignal;
  /** After each step, with the simulated time reached. */
  readonly onStep: (reachedMs: number) => Promise<void>;
}

/** Runs the shop to its end and hands all that it sends to the sink. Returns whether the end was reached. */
export async function pumpShop(options: PumpOptions): Promise<boolean> {
  const { shop, sink, fromMs, clock, signal } = options;
  const startedMs = clock.nowMs();
  const stepMs = Math.max(1, Math.round((1000 * EVENTS_A_STEP) / options.eventsPerSecond));
  let reachedMs = fromMs;
  let batch: Sending[] = [];
  const collect = (sending: Sending): void => {
    batch.push(sending);
  };
  for (;;) {
    if (signal.aborted) break;
    reachedMs =
      options.speed === null
        ? reachedMs + stepMs
        : fromMs + Math.floor((clock.nowMs() - startedMs) * options.speed);
    const hasMore = shop.advance(reachedMs, collect);
    const full = batch;
    batch = [];
    await sink.write(full);
    // A live event must not wait for a batch to be full, which at a low rate takes minutes.
    if (options.speed !== null) await sink.flush();
    await options.onStep(reachedMs);
    if (!hasMore) {
      await sink.flush();
      return true;
    }
    if (options.speed !== null) await clock.sleep(PACED_STEP_MS, signal).catch(() => undefined);
  }
  await sink.flush();
  return false;
}
