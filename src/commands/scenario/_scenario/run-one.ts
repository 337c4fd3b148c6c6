import { systemClock } from '../../../engine/model/clock.js';
import { DEFAULT_TOPIC, INGEST_GROUP_ID } from '../../../engine/model/limit.js';
import { openQueue } from '../../../engine/queue/open-queue.js';
import type { StoryResult } from '../../../engine/scenario/result.js';
import { runStory, type StoryNews } from '../../../engine/scenario/run-story.js';
import type { Story } from '../../../engine/scenario/story.js';
import { openStore } from '../../../store/clickhouse/store.js';
import { createStoryStore } from '../../../store/scenario/story-store.js';
import { createVerifyStore } from '../../../store/verify/verify-store.js';
import { contextOfStack } from '../../_cli/context.js';
import type { FoundStory } from './find-story.js';
import { openShop } from './open-shop.js';
import { Stage } from './stage.js';
import { StoryStack } from './story-stack.js';

/** How a story is run. */
export interface RunOptions {
  readonly keep: boolean;
  /** Where the folder of the run is made. */
  readonly folder: string | undefined;
  readonly signal: AbortSignal;
  readonly onNews: (news: StoryNews | { readonly kind: 'stack'; readonly words: string }) => void;
}

/** Brings up a stack, plays the story on it, and takes it down, however it ends. */
export async function runOne(
  { name, story }: FoundStory,
  options: RunOptions,
): Promise<StoryResult> {
  const stage = await Stage.make(name, options.folder);
  let result: StoryResult | undefined;
  let stack: StoryStack | undefined;
  try {
    stack = await StoryStack.start(stage.home, {
      args: ['--shards', String(story.stack.shards)],
      outlivesUs: options.keep,
      signal: options.signal,
      onStatus: ({ parts }) => {
        const awaited = parts.filter(({ isHealthy }) => !isHealthy).map((part) => part.name);
        options.onNews({ kind: 'stack', words: `waiting for ${awaited.join(', ')}` });
      },
    });
    result = await play({ name, story, stack }, options);
    if (result.verdict === 'failed') result = { ...result, logFolder: await stage.keepLogs() };
    return result;
  } finally {
    const hasFailed = result === undefined && !options.signal.aborted;
    if (hasFailed) await stage.keepLogs();
    if (!(options.keep && result)) {
      await stack?.stop();
      await stage.clear(hasFailed || result?.verdict === 'failed');
    }
  }
}

async function play(
  {
    name,
    story,
    stack,
  }: { readonly name: string; readonly story: Story; readonly stack: StoryStack },
  { signal, onNews }: RunOptions,
): Promise<StoryResult> {
  const context = await contextOfStack(stack.home);
  await using queue = await openQueue(context.queue);
  await using store = openStore(context.reader);
  const fromMs = story.clock === 'real' ? systemClock.nowMs() : story.load.start;
  return await runStory(story, {
    name,
    shop: openShop(story, fromMs),
    pipe: {
      queue,
      topic: DEFAULT_TOPIC,
      groupId: INGEST_GROUP_ID,
      disturb: (chaos, until) => stack.disturb(chaos, until),
    },
    store: { ...createStoryStore(store, DEFAULT_TOPIC), ...createVerifyStore(store) },
    clock: systemClock,
    signal,
    onNews,
    fromMs,
  });
}
