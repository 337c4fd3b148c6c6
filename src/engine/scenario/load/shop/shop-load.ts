import type { StoryLoad } from '../story-load.js';
import { sendLoad } from './send-load.js';
import type { StoryShop } from './story-shop.js';

/** A simulated shop as the load of a story. */
export function createShopLoad(
  shop: StoryShop,
  {
    isReal,
    durationMs,
    eventsPerSecond,
  }: { readonly isReal: boolean; readonly durationMs: number; readonly eventsPerSecond: number },
): StoryLoad {
  return {
    async send({ queue, topic, fromMs, clock, signal, onStep }) {
      const toMs = fromMs + durationMs;
      await using producer = await queue.createProducer();
      const how = { isReal, fromMs, toMs, eventsPerSecond, clock, signal, onStep };
      return { sentCount: await sendLoad({ shop, producer, topic, ...how }), toMs };
    },
    truth: () => shop.truth(),
  };
}
