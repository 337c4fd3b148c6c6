import { expect, it } from 'vitest';
import { systemClock } from '../../engine/model/clock.js';
import { DEFAULT_TOPIC, INGEST_GROUP_ID } from '../../engine/model/limit.js';
import { openQueue } from '../../engine/queue/open-queue.js';
import { createShopLoad } from '../../engine/scenario/load/shop/shop-load.js';
import { createPlainLoad } from '../../engine/scenario/testing/plain-load.js';
import type { StoryResult } from '../../engine/scenario/result/story-result.js';
import { runStory } from '../../engine/scenario/run-story.js';
import { storySchema, type Story } from '../../engine/scenario/story/story.js';
import { openStore, type Store } from '../../store/clickhouse/store.js';
import { compileJourneys, SHOP_JOURNEYS } from '../../engine/journey/journeys.js';
import { createQuestions } from './_scenario/ask-question.js';
import { createStoryStore } from '../../store/scenario/story-store.js';
import { createVerifyStore } from '../../store/verify/verify-store.js';
import { startTestContext } from '../_cli/testing/test-context.js';
import { runAtbd } from '../_cli/testing/run-atbd.js';

/** Stories are about the shop. */
const journeys = compileJourneys(SHOP_JOURNEYS);

/** The last expectation waits until a worker on a slow machine has stored all; a row that is gone comes in no time. */
function storyOf(within: readonly [string, string, string]) {
  return storySchema.parse({
    title: 'One row goes missing',
    load: { duration: '10m', eventsPerSecond: 3 },
    expect: ['ingest', 'counts', 'traces'].map((kind, index) => ({ kind, within: within[index] })),
  });
}

/** Deletes the page view of the first action, wherever it is, and waits until it is gone. */
async function loseOneRow(store: Store): Promise<void> {
  for (let index = 0; index < store.shardCount; index += 1) {
    const client = await store.shard(index);
    await client.command({
      query: `ALTER TABLE events_local DELETE WHERE op_id = 'plain-1-0' AND type = 'page.view'`,
      clickhouse_settings: { mutations_sync: '2' },
    });
  }
}

/** The story on a real pipe; with `isLossy` a row is lost after all was stored, before anybody looks. */
async function play(story: Story, { isLossy }: { isLossy: boolean }): Promise<StoryResult> {
  await using context = await startTestContext({ queue: { kind: 'embedded' }, shardCount: 2 });
  await using queue = await openQueue(context.queue);
  await queue.createTopic(DEFAULT_TOPIC, { partitionCount: 4 });
  await using reader = openStore(context.testStore.reader);
  const stopWorker = new AbortController();
  const worker = runAtbd(['worker', 'ingest'], { env: context.env, signal: stopWorker.signal });
  const fromMs = Date.UTC(2026, 2, 2);
  const load = { fromMs, toMs: fromMs + 600_000, eventsPerSecond: 3 };
  const verifyStore = createVerifyStore(reader);
  try {
    return await runStory(story, {
      name: 'lossy',
      load: createShopLoad(createPlainLoad({ seed: 1, ...load }), {
        isReal: false,
        durationMs: 600_000,
        eventsPerSecond: 3,
      }),
      pipe: {
        queue,
        topic: DEFAULT_TOPIC,
        groupId: INGEST_GROUP_ID,
        disturb: () => Promise.reject(new Error('nothing to disturb')),
      },
      store: {
        ...createStoryStore(reader, { topic: DEFAULT_TOPIC }),
        ...createQuestions(reader, { journeys, nowMs: () => systemClock.nowMs() }),
        ...verifyStore,
        async listPartitions(topic, signal) {
          if (isLossy) await loseOneRow(context.testStore.store);
          return verifyStore.listPartitions(topic, signal);
        },
      },
      clock: systemClock,
      signal: new AbortController().signal,
      onNews: () => undefined,
      fromMs,
    });
  } finally {
    stopWorker.abort();
    await worker.catch(() => undefined);
  }
}

it('notices a single row that the pipe has lost, in every way it can be missed', async () => {
  const { verdict, expectations } = await play(storyOf(['1s', '1s', '15s']), { isLossy: true });
  expect(verdict).toBe('failed');
  expect(expectations).toMatchObject([
    {
      kind: 'ingest',
      isMet: false,
      seen: '1800 sent, lost 1, twice 0, dead 0',
      details: [expect.stringMatching(/^row_missing: events\/1\/\d offsets /u)],
      command: 'atbd verify',
    },
    {
      kind: 'counts',
      isMet: false,
      seen: '1799 events, 2 counts differ',
      details: [
        'type page.view: expected 600, stored 599',
        'service gateway: expected 600, stored 599',
      ],
    },
    {
      kind: 'traces',
      isMet: false,
      details: ['buy plain-1-0: gateway 0 of 1'],
      command: 'atbd query trace plain-1-0',
    },
  ]);
});

it('has nothing to say against the same pipe when it loses nothing', async () => {
  const story = storyOf(['60s', '60s', '60s']);
  expect(await play(story, { isLossy: false })).toMatchObject({ verdict: 'passed' });
});
