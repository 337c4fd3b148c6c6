import { describe, expect, it } from 'vitest';
import type { Chaos } from '../story/chaos.js';
import { Disturber } from './disturber.js';
import type { StoryPipe } from './story-pipe.js';
import { JumpingClock } from '../../testing/jumping-clock.js';

const CHAOS: readonly Chaos[] = [
  { kind: 'pause-queue', at: 20_000, for: 3_000 },
  { kind: 'kill-worker', at: 10_000 },
];

function disturberWith(disturb: StoryPipe['disturb']) {
  const news: string[] = [];
  const disturber = new Disturber({
    chaos: CHAOS,
    pipe: { disturb } as StoryPipe,
    clock: new JumpingClock(7_000),
    signal: new AbortController().signal,
    beganMs: 5_000,
    onNews: (words) => news.push(words),
  });
  return { disturber, news };
}

describe('chaos', () => {
  it('begins when the load has come so far, each once, in the order of the story', async () => {
    const { disturber, news } = disturberWith(() => Promise.resolve());
    disturber.reach(9_999);
    expect(news).toEqual([]);
    disturber.reach(10_000);
    disturber.reach(10_001);
    expect(news).toEqual(['worker killed']);
    disturber.reach(60_000);
    expect(await disturber.over()).toEqual([
      { kind: 'kill-worker', words: 'worker killed', atMs: 10_000, beganMs: 2_000, endedMs: 2_000 },
      {
        kind: 'pause-queue',
        words: 'queue paused for 3 s',
        atMs: 20_000,
        beganMs: 2_000,
        endedMs: 2_000,
      },
    ]);
  });

  it('is not over before the pipe is left to itself', async () => {
    let resolve = (): void => undefined;
    const promise = new Promise<void>((done) => (resolve = done));
    const { disturber } = disturberWith(() => promise);
    disturber.reach(60_000);
    let isOver = false;
    const over = disturber.over().then(() => (isOver = true));
    await Promise.resolve();
    expect(isOver).toBe(false);
    resolve();
    await over;
  });

  it('that cannot be done ends the story', async () => {
    const { disturber } = disturberWith(() => Promise.reject(new Error('no such part runs')));
    disturber.reach(10_000);
    await expect(disturber.over()).rejects.toThrow('no such part runs');
    expect(() => {
      disturber.reach(10_001);
    }).toThrow('no such part runs');
  });
});
