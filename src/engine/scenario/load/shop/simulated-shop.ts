import { createShop, type Shop } from '../../../generate/create-shop.js';
import type { ShopSpec, Story } from '../../story/story.js';
import { ActionSample } from '../action-sample.js';
import type { StoryTruth } from '../story-load.js';
import type { StoryShop } from './story-shop.js';

/** The simulated shop of a story, beginning at `fromMs`. The same seed gives the same records and the same truth. */
export function createSimulatedShop(
  { seed, load, faults }: Pick<Story, 'seed' | 'faults'> & { readonly load: ShopSpec },
  fromMs: number,
): StoryShop {
  const sample = new ActionSample();
  const shop = createShop(
    {
      seed,
      fromMs,
      toMs: fromMs + load.duration,
      eventsPerSecond: load.eventsPerSecond,
      userCount: load.users,
      isDiurnal: load.diurnal,
      faults,
      share: { index: 0, count: 1 },
    },
    {
      onFact: (fact) => {
        if (fact.kind !== 'action') return;
        const { opId, operation, eventsByService } = fact;
        sample.add({ opId, operation, eventsByService: new Map(Object.entries(eventsByService)) });
      },
    },
  );
  return {
    advance: (untilMs, send) => shop.advance(untilMs, send),
    truth: () => truthOf(shop, sample),
  };
}

function truthOf(
  { truth: { sent, amounts, chains, guilty } }: Shop,
  sample: ActionSample,
): StoryTruth {
  const { total, duplicated, late, outOfOrder } = sent;
  return {
    sent: {
      total,
      duplicated,
      late,
      outOfOrder,
      dead: new Map(Object.entries(sent.poison)),
      byType: new Map(Object.entries(sent.byType)),
      byService: new Map(Object.entries(sent.byService)),
      byLevel: new Map(Object.entries(sent.byLevel)),
      byTypeAndStatus: new Map(
        sent.byTypeAndStatus.map(({ type, status, count }) => [`${type} ${status}`, count]),
      ),
    },
    amounts: new Map(amounts.map(({ type, currency, amount }) => [`${type} ${currency}`, amount])),
    actions: sample.actions,
    chains,
    guilty: [...new Set(guilty.map(({ userId }) => userId))],
  };
}
