import { createShop } from '../../../engine/generate/create-shop.js';
import { SERVICE_NAMES } from '../../../engine/generate/shop/service-name.js';
import { RUN_MS_MAX } from '../../../engine/generate/shop-spec.js';
import type { LoadSource } from '../../../engine/load/load-source.js';
import type { QueueMessage } from '../../../engine/model/queue.js';

export interface ShopSourceOptions {
  readonly seed: number;
  /** Time of the first event: whole milliseconds. */
  readonly fromMs: number;
  /** The mean of the run: at this rate the events' times keep up with the clock. */
  readonly eventsPerSecond: number;
}

const USER_COUNT = 20_000;

/** How far the shop is moved on for more records: little beside a second, much beside an event. */
const STEP_MS = 20;

/** Below this a shop would have nothing to do for hours. */
const EVENTS_PER_SECOND_MIN = 1;

/**
 * Records of a simulated shop, taken at any pace: its time moves on by what is taken. Around a ramp or a spike the events' times are
 * therefore off the clock's by as much as the rate is off its mean.
 */
export function createShopSource({ seed, fromMs, eventsPerSecond }: ShopSourceOptions): LoadSource {
  const shop = createShop({
    ...{ seed, fromMs, toMs: fromMs + RUN_MS_MAX, userCount: USER_COUNT },
    eventsPerSecond: Math.max(EVENTS_PER_SECOND_MIN, eventsPerSecond),
    isDiurnal: false,
    faults: [],
    share: { index: 0, count: 1 },
  });
  let shopMs = fromMs;
  let ready: QueueMessage[] = [];
  return {
    services: SERVICE_NAMES,
    take(count) {
      while (ready.length < count) {
        shopMs += STEP_MS;
        shop.advance(shopMs, ({ key, value }) => ready.push({ key, value }));
      }
      const taken = ready.slice(0, count);
      ready = ready.slice(count);
      return taken;
    },
  };
}
