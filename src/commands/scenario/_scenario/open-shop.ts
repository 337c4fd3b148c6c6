import { createPlainLoad } from '../../../engine/scenario/plain-load.js';
import type { StoryShop } from '../../../engine/scenario/shop.js';
import type { Story } from '../../../engine/scenario/story.js';

/** The load that the story describes, beginning at `fromMs`. */
export function openShop({ seed, load }: Story, fromMs: number): StoryShop {
  const { duration, eventsPerSecond } = load;
  return createPlainLoad({ seed, fromMs, toMs: fromMs + duration, eventsPerSecond });
}
