import { dirname, resolve } from 'node:path';
import { systemClock } from '../../../engine/model/clock.js';
import { DEFAULT_TOPIC, INGEST_GROUP_ID } from '../../../engine/model/limit.js';
import { openQueue } from '../../../engine/queue/open-queue.js';
import type { StoryResult } from '../../../engine/scenario/result/story-result.js';
import { createServicesLoad } from '../../../engine/scenario/load/services/services-load.js';
import { createShopLoad } from '../../../engine/scenario/load/shop/shop-load.js';
import { createSimulatedShop } from '../../../engine/scenario/load/shop/simulated-shop.js';
import type { StoryLoad } from '../../../engine/scenario/load/story-load.js';
import { runStory, type StoryNews } from '../../../engine/scenario/run-story.js';
import { openStore } from '../../../store/clickhouse/store.js';
import { compileJourneys, SHOP_JOURNEYS } from '../../../engine/journey/journeys.js';
import { createQuestions } from './ask-question.js';
import { createStoryStore } from '../../../store/scenario/story-store.js';
import { createVerifyStore } from '../../../store/verify/verify-store.js';
import type { QueueSpec } from '../../_cli/config/config-schema.js';
import type { BorrowedKind } from '../../_cli/stack/requested-queue.js';
import { contextOfStack } from '../../_cli/context.js';
import { checkBorrowedQueue, returnBorrowedQueue } from './stack/borrowed-queue.js';
import type { FoundStory } from './find-story.js';
import { Stage } from './stack/stage.js';
import { StoryStack } from './stack/story-stack.js';

/** Stories are about the shop. */
const journeys = compileJourneys(SHOP_JOURNEYS);

/** What happens around a story, and in it. */
export type RunNews =
  | StoryNews
  | { readonly kind: 'stack'; readonly words: string }
  /** It broke off, and this is where the logs are. */
  | { readonly kind: 'logs'; readonly folder: string }
  /** The stack stays up, below this home. */
  | { readonly kind: 'kept'; readonly home: string };

/** A queue that is there already, and the flags of `up` that say the same. */
export interface BorrowedQueue {
  readonly spec: QueueSpec;
  readonly args: readonly string[];
}

/** How a story is run. */
export interface RunOptions {
  readonly keep: boolean;
  /** Where the folder of the run is made. */
  readonly folder: string | undefined;
  /** What stories run on that do not bring their own queue. */
  readonly borrowed: ReadonlyMap<BorrowedKind, BorrowedQueue>;
  readonly signal: AbortSignal;
  readonly onNews: (news: RunNews) => void;
}

/** Brings up a stack, plays the story on it, and takes it down, however it ends. */
export async function runOne(found: FoundStory, options: RunOptions): Promise<StoryResult> {
  const borrowed = borrowedFor(found, options);
  if (!borrowed) return runOnStage(found, options);
  await checkBorrowedQueue(borrowed.spec);
  try {
    return await runOnStage(found, options);
  } finally {
    if (!options.keep) await returnBorrowedQueue(borrowed.spec);
  }
}

async function runOnStage(found: FoundStory, options: RunOptions): Promise<StoryResult> {
  const stage = await Stage.make(found.name, options.folder);
  let result: StoryResult | undefined;
  let stack: StoryStack | undefined;
  try {
    stack = await startStack(stage, found, options);
    result = await play(found, { stage, stack }, options);
    if (result.verdict === 'failed') result = { ...result, logFolder: await stage.keepLogs() };
    return result;
  } finally {
    const isKept = options.keep && result !== undefined;
    const hasBroken = result === undefined && !options.signal.aborted;
    if (hasBroken) options.onNews({ kind: 'logs', folder: await stage.keepLogs() });
    if (isKept) options.onNews({ kind: 'kept', home: stage.home.root });
    if (!isKept) {
      await stack?.stop();
      await stage.clear({ keepFolder: hasBroken || result?.verdict === 'failed' });
    }
  }
}

function startStack(stage: Stage, found: FoundStory, options: RunOptions): Promise<StoryStack> {
  const { shards } = found.story.stack;
  return StoryStack.start(stage.home, {
    args: ['--shards', String(shards), ...(borrowedFor(found, options)?.args ?? [])],
    outlivesUs: options.keep,
    signal: options.signal,
    onStatus: ({ parts }) => {
      const awaited = parts.filter(({ isHealthy }) => !isHealthy).map(({ name }) => name);
      options.onNews({ kind: 'stack', words: `waiting for ${awaited.join(', ')}` });
    },
  });
}

/** undefined: the story brings its own queue. */
function borrowedFor(
  { story }: FoundStory,
  { borrowed }: Pick<RunOptions, 'borrowed'>,
): BorrowedQueue | undefined {
  const { queue } = story.stack;
  return queue === 'embedded' ? undefined : borrowed.get(queue);
}

async function play(
  found: FoundStory,
  { stage, stack }: { readonly stage: Stage; readonly stack: StoryStack },
  { signal, onNews }: RunOptions,
): Promise<StoryResult> {
  const { name, story } = found;
  const context = await contextOfStack(stack.home);
  await using queue = await openQueue(context.queue);
  await using store = openStore(context.reader);
  const { load, fromMs } = await loadOf(found, stage);
  return await runStory(story, {
    name,
    load,
    pipe: {
      queue,
      topic: DEFAULT_TOPIC,
      groupId: INGEST_GROUP_ID,
      disturb: (chaos, until) => stack.disturb(chaos, until),
    },
    store: {
      ...createStoryStore(store, { topic: DEFAULT_TOPIC }),
      ...createQuestions(store, { journeys, nowMs: () => systemClock.nowMs() }),
      ...createVerifyStore(store),
    },
    clock: systemClock,
    signal,
    onNews,
    fromMs,
  });
}

/** What comes into the queue, and the event time at which it begins. */
async function loadOf(
  { path, story }: FoundStory,
  stage: Stage,
): Promise<{ readonly load: StoryLoad; readonly fromMs: number }> {
  const { seed, faults, load } = story;
  const isReal = story.clock === 'real';
  if (load.kind === 'services') {
    const folder = dirname(resolve(path));
    const logFolder = await stage.makeServiceLogs();
    const services = createServicesLoad({ spec: load, seed, folder, logFolder });
    return { load: services, fromMs: systemClock.nowMs() };
  }
  const fromMs = isReal ? systemClock.nowMs() : load.start;
  const shop = createSimulatedShop({ seed, faults, load }, fromMs);
  const { duration: durationMs, eventsPerSecond } = load;
  return { load: createShopLoad(shop, { isReal, durationMs, eventsPerSecond }), fromMs };
}
