import { describe, expect, it } from 'vitest';
import { storySchema } from '../../story/story.js';
import { createSimulatedShop } from './simulated-shop.js';
import { ACTION_SAMPLE_MAX } from '../story-load.js';

const FROM_MS = Date.UTC(2026, 2, 2);

/** What a story of this seed sends, and what is true of it. */
function play(seed: number, { duration = '30m', stepMs = Infinity } = {}) {
  const { load, faults } = storySchema.parse({
    title: 'x',
    load: { duration, eventsPerSecond: 20 },
    faults: [{ kind: 'duplicated' }, { kind: 'poison', share: 0.01 }],
    expect: [{ kind: 'counts' }],
  });
  if (load.kind !== 'shop') throw new Error('no shop');
  const shop = createSimulatedShop({ seed, faults, load }, FROM_MS);
  const sent: string[] = [];
  for (let untilMs = FROM_MS + stepMs; ; untilMs += stepMs) {
    const isGoing = shop.advance(untilMs, ({ key, value }) => sent.push(`${key} ${String(value)}`));
    if (!isGoing) return { sent, truth: shop.truth() };
  }
}

describe('the shop of a story', () => {
  it('sends and knows the same for one seed, in whatever steps it is asked, and another thing for another', () => {
    const whole = play(7);
    expect(whole.sent.length).toBeGreaterThan(10_000);
    expect(play(7, { stepMs: 1_777 })).toEqual(whole);
    expect(play(8).truth).not.toEqual(whole.truth);
  });

  it('counts each record that it sends', () => {
    const { sent, truth } = play(7);
    expect(truth.sent.total).toBe(sent.length);
    expect(truth.sent.duplicated).toBeGreaterThan(0);
    const dead = [...truth.sent.dead.values()].reduce((sum, count) => sum + count, 0);
    expect(dead).toBeGreaterThan(0);
    const typed = [...truth.sent.byType.values()].reduce((sum, count) => sum + count, 0);
    expect(typed + dead).toBe(truth.sent.total);
  });

  it('chooses its sample of actions from the whole story, each once', () => {
    const { sent, truth } = play(7, { duration: '3h' });
    const ids = truth.actions.map(({ opId }) => opId);
    expect(new Set(ids).size).toBe(ACTION_SAMPLE_MAX);
    const all = [...new Set(sent.map((line) => line.split(' ')[0]))];
    const places = ids.map((id) => all.indexOf(id)).filter((place) => place >= 0);
    const inFirstHalf = places.filter((place) => place < all.length / 2).length;
    expect(inFirstHalf / places.length).toBeGreaterThan(0.4);
    expect(inFirstHalf / places.length).toBeLessThan(0.6);
  });
});
