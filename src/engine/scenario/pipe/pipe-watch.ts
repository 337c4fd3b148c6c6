import type { Clock } from '../../model/clock.js';
import type { StoryPipe } from './story-pipe.js';
import type { Sample } from '../result/story-result.js';

/** How often the pipe is looked at while a story runs, at first. */
const INTERVAL_MS = 250;

/** At this number every second sample goes, and the interval doubles: a long story stays one picture. */
const SAMPLES_MAX = 1_200;

/** Where the story is, for the samples and the progress line. */
export interface Whereabouts {
  readonly storyMs: number;
  readonly sent: number;
}

/** Looks at the pipe from outside while a story runs. */
export class PipeWatch {
  readonly #pipe: StoryPipe;
  readonly #clock: Clock;
  readonly #beganMs: number;
  readonly #onSample: (sample: Sample) => void;
  #intervalMs = INTERVAL_MS;
  #samples: Sample[] = [];
  where: Whereabouts = { storyMs: 0, sent: 0 };

  constructor(options: {
    readonly pipe: StoryPipe;
    readonly clock: Clock;
    readonly beganMs: number;
    readonly onSample: (sample: Sample) => void;
  }) {
    this.#pipe = options.pipe;
    this.#clock = options.clock;
    this.#beganMs = options.beganMs;
    this.#onSample = options.onSample;
  }

  get samples(): readonly Sample[] {
    return this.#samples;
  }

  /** Looks again and again until the signal is aborted. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.look();
      await this.#clock.sleep(this.#intervalMs, signal).catch(() => undefined);
    }
  }

  /** One look; what the queue does not say stays open. */
  async look(): Promise<Sample> {
    const { storyMs, sent } = this.where;
    const stored = await this.#storedCount().catch(() => null);
    const sample = { wallMs: this.#clock.nowMs() - this.#beganMs, storyMs, sent, stored };
    this.#samples.push(sample);
    if (this.#samples.length >= SAMPLES_MAX) this.#thinOut();
    this.#onSample(sample);
    return sample;
  }

  #thinOut(): void {
    this.#samples = this.#samples.filter((_, index) => index % 2 === 0);
    this.#intervalMs *= 2;
  }

  /** What the group has confirmed: asked of the queue, which answers also while shards are down. */
  async #storedCount(): Promise<number> {
    const { queue, topic, groupId } = this.#pipe;
    const progress = await queue.groupProgress(groupId, topic);
    return [...progress.values()].reduce((sum, { finished }) => sum + Number(finished), 0);
  }
}
