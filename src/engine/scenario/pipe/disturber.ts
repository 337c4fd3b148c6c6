import type { Clock } from '../../model/clock.js';
import { describeChaos, type Chaos } from '../story/chaos.js';
import type { StoryPipe } from './story-pipe.js';
import type { ChaosResult } from '../result/story-result.js';

/** Breaks the pipe when the load has come so far, and knows what was done when. */
export class Disturber {
  readonly #pipe: StoryPipe;
  readonly #clock: Clock;
  readonly #signal: AbortSignal;
  readonly #beganMs: number;
  readonly #onNews: (words: string) => void;
  readonly #waiting: Chaos[];
  readonly #running: Promise<void>[] = [];
  readonly #results: ChaosResult[] = [];
  #failure: { readonly error: unknown } | undefined;

  constructor(options: {
    readonly chaos: readonly Chaos[];
    readonly pipe: StoryPipe;
    readonly clock: Clock;
    readonly signal: AbortSignal;
    /** Wall time at which the story began. */
    readonly beganMs: number;
    readonly onNews: (words: string) => void;
  }) {
    this.#waiting = options.chaos.toSorted((a, b) => a.at - b.at);
    this.#pipe = options.pipe;
    this.#clock = options.clock;
    this.#signal = options.signal;
    this.#beganMs = options.beganMs;
    this.#onNews = options.onNews;
  }

  /** The load has come to `storyMs`; what is due begins beside it. Throws what went wrong with an earlier one. */
  reach(storyMs: number): void {
    if (this.#failure) throw this.#failure.error;
    while ((this.#waiting[0]?.at ?? Infinity) <= storyMs) {
      const chaos = this.#waiting.shift();
      if (chaos) this.#running.push(this.#begin(chaos));
    }
  }

  /** Resolves when all of it is over, with what was done, in order. */
  async over(): Promise<readonly ChaosResult[]> {
    await Promise.all(this.#running);
    if (this.#failure) throw this.#failure.error;
    return this.#results.toSorted((a, b) => a.beganMs - b.beganMs);
  }

  async #begin(chaos: Chaos): Promise<void> {
    const words = describeChaos(chaos);
    const beganMs = this.#clock.nowMs() - this.#beganMs;
    this.#onNews(words);
    try {
      await this.#pipe.disturb(chaos, this.#signal);
    } catch (error) {
      this.#failure ??= { error };
      return;
    }
    const endedMs = this.#clock.nowMs() - this.#beganMs;
    this.#results.push({ kind: chaos.kind, words, atMs: chaos.at, beganMs, endedMs });
  }
}
