import { verify } from '../verify/verify.js';
import type { PartitionReport } from '../verify/verify-partition.js';
import type { Clock } from '../model/clock.js';
import { AtbdError } from '../model/error.js';
import type { StoryStore } from '../model/story-store.js';
import type { VerifyStore } from '../model/verify.js';
import { checkExpectation } from './expectation/check-expectation.js';
import { Disturber } from './pipe/disturber.js';
import type { ExpectationContext } from './expectation/expectation.js';
import { FreshnessWatch } from './pipe/freshness-watch.js';
import type { StoryPipe } from './pipe/story-pipe.js';
import {
  RESULT_VERSION,
  type ChaosResult,
  type ExpectationResult,
  type Sample,
  type StoryResult,
} from './result/story-result.js';
import type { LoadSent, StoryLoad } from './load/story-load.js';
import { describeFault } from './story/describe-fault.js';
import type { Story } from './story/story.js';
import { PipeWatch } from './pipe/pipe-watch.js';

/** How often it is asked whether everything is stored. */
const SETTLE_POLL_MS = 100;

/** Stretches into which the story is cut for its picture: about two pixels each. */
const OBSERVATIONS_MAX = 360;

/** What happens, for a line of progress. */
export type StoryNews =
  | { readonly kind: 'sample'; readonly sample: Sample; readonly phase: 'load' | 'settle' }
  | { readonly kind: 'chaos'; readonly words: string }
  | { readonly kind: 'sent'; readonly count: number }
  | { readonly kind: 'stored'; readonly count: number }
  | { readonly kind: 'checked'; readonly result: ExpectationResult };

/** Everything a story is run with. */
export interface StoryParts {
  readonly name: string;
  readonly load: StoryLoad;
  readonly pipe: StoryPipe;
  readonly store: StoryStore & VerifyStore;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly onNews: (news: StoryNews) => void;
  /** Event time of the story's first moment. */
  readonly fromMs: number;
}

/**
 * Sends the story's load through the pipe, breaks what it says when it says so, waits until all is stored, and asks
 * every expectation. The same seed gives the same load, truth and verdicts; only times differ.
 */
export async function runStory(story: Story, parts: StoryParts): Promise<StoryResult> {
  return new StoryRun(story, parts).run();
}

class StoryRun {
  readonly #story: Story;
  readonly #parts: StoryParts;
  readonly #beganMs: number;
  readonly #watch: PipeWatch;
  readonly #freshness: FreshnessWatch;
  #phase: 'load' | 'settle' = 'load';

  constructor(story: Story, parts: StoryParts) {
    const { pipe, clock, store, onNews } = parts;
    this.#story = story;
    this.#parts = parts;
    this.#beganMs = clock.nowMs();
    const onSample = (sample: Sample): void => {
      onNews({ kind: 'sample', sample, phase: this.#phase });
    };
    this.#watch = new PipeWatch({ pipe, clock, beganMs: this.#beganMs, onSample });
    this.#freshness = new FreshnessWatch(store, clock);
  }

  async run(): Promise<StoryResult> {
    const watching = new AbortController();
    const signal = AbortSignal.any([watching.signal, this.#parts.signal]);
    const watches = [this.#watch.run(signal)];
    if (this.#story.clock === 'real') watches.push(this.#freshness.run(signal));
    // A watch that fails fails the story, at its end: the stack has still to be taken down in order.
    const watched = Promise.allSettled(watches);
    let result: StoryResult;
    try {
      result = await this.#tell();
    } finally {
      watching.abort(new Error('the story has ended'));
      await watched;
    }
    await Promise.all(watches);
    return result;
  }

  async #tell(): Promise<StoryResult> {
    const { clock, onNews, load } = this.#parts;
    const { loaded, chaos } = await this.#sendLoad();
    const { sentCount: sent } = loaded;
    const sendMs = clock.nowMs() - this.#beganMs;
    onNews({ kind: 'sent', count: sent });
    const settledMs = await this.#settle(sent);
    if (settledMs !== null) onNews({ kind: 'stored', count: sent });
    const expectations = await this.#checkAll(loaded, this.#beganMs + sendMs);
    await this.#watch.look();
    const truth = load.truth();
    const { fromMs } = this.#parts;
    return {
      version: RESULT_VERSION,
      story: this.#describe(),
      verdict: expectations.every(({ isMet }) => isMet) ? 'passed' : 'failed',
      startedAt: new Date(this.#beganMs).toISOString(),
      tookMs: clock.nowMs() - this.#beganMs,
      load: {
        fromMs,
        toMs: loaded.toMs,
        sent,
        duplicated: truth.sent.duplicated,
        late: truth.sent.late,
        outOfOrder: truth.sent.outOfOrder,
        dead: [...truth.sent.dead.values()].reduce((sum, count) => sum + count, 0),
        sendMs,
        settleMs: settledMs,
      },
      faults: this.#describeFaults(),
      chaos: [...chaos],
      samples: [...this.#watch.samples],
      observations: await this.#observe(loaded),
      expectations,
      logFolder: null,
    };
  }

  #describe(): StoryResult['story'] {
    const { title, description, seed, clock, stack, load } = this.#story;
    const { shards, queue } = stack;
    const { eventsPerSecond, users } =
      load.kind === 'shop' ? load : { eventsPerSecond: null, users: null };
    const about = { title, description, seed, clock, shards, queue, eventsPerSecond, users };
    return { name: this.#parts.name, ...about };
  }

  #describeFaults(): StoryResult['faults'] {
    const { faults, load } = this.#story;
    return faults.map((fault) => {
      const { kind, fromMs, toMs } = fault;
      return { kind, words: describeFault(fault), fromMs, toMs: Math.min(toMs, load.duration) };
    });
  }

  async #sendLoad(): Promise<{
    readonly loaded: LoadSent;
    readonly chaos: readonly ChaosResult[];
  }> {
    const { pipe, clock, signal, load, fromMs, onNews } = this.#parts;
    const disturber = new Disturber({
      chaos: this.#story.chaos,
      pipe,
      clock,
      signal,
      beganMs: this.#beganMs,
      onNews: (words) => {
        onNews({ kind: 'chaos', words });
      },
    });
    const { queue, topic } = pipe;
    const onStep = (storyMs: number, sent: number): void => {
      this.#watch.where = { storyMs, sent };
      disturber.reach(storyMs);
    };
    const loaded = await load.send({ queue, topic, fromMs, clock, signal, onStep });
    disturber.reach(this.#story.load.duration);
    return { loaded, chaos: await disturber.over() };
  }

  /** Waits until all is stored, at most as long as the most patient expectation; null when it was not. */
  async #settle(sentCount: number): Promise<number | null> {
    this.#phase = 'settle';
    const { clock, signal } = this.#parts;
    const beganMs = clock.nowMs();
    const untilMs = beganMs + Math.max(...this.#story.expect.map(({ withinMs }) => withinMs));
    while (clock.nowMs() < untilMs) {
      const { stored } = await this.#watch.look();
      if (stored !== null && stored >= sentCount) return clock.nowMs() - beganMs;
      await clock.sleep(SETTLE_POLL_MS, signal);
    }
    return null;
  }

  async #checkAll(loaded: LoadSent, loadEndMs: number): Promise<ExpectationResult[]> {
    const { clock, onNews } = this.#parts;
    const context = this.#context(loaded);
    const results: ExpectationResult[] = [];
    for (const expectation of this.#story.expect) {
      const result = await checkExpectation(expectation, context, { clock, loadEndMs });
      onNews({ kind: 'checked', result });
      results.push(result);
    }
    return results;
  }

  /** For the picture only: a store that does not answer any more must not hide what was found. */
  async #observe({ toMs }: LoadSent): Promise<StoryResult['observations']> {
    const { store, signal, fromMs } = this.#parts;
    const stepMs = Math.max(1, Math.ceil((toMs - fromMs) / OBSERVATIONS_MAX));
    try {
      const range = { fromMs, toMs, stepMs };
      return { stepMs, steps: [...(await store.observe(range, signal))] };
    } catch (error) {
      if (!(error instanceof AtbdError)) throw error;
      return { stepMs, steps: [] };
    }
  }

  #context({ sentCount, toMs }: LoadSent): ExpectationContext {
    const { load, store, signal, pipe, fromMs } = this.#parts;
    const { queue, topic, groupId } = pipe;
    return {
      truth: load.truth(),
      sentCount,
      store,
      signal,
      range: { fromMs, toMs },
      verify: (): Promise<readonly PartitionReport[]> =>
        verify({ groupId, topic }, { queue, store, signal }),
      freshness: () =>
        this.#story.clock === 'real' ? this.#freshness.measure(signal) : Promise.resolve(null),
    };
  }
}
