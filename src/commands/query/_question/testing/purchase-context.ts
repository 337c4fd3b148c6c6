import { RETRIED_PURCHASE } from '../../../../engine/testing/stored-events.js';
import { writeEvents } from '../../../../store/testing/write-events.js';
import { startTestContext, type TestContext } from '../../../_cli/testing/test-context.js';

/** When `RETRIED_PURCHASE` begins, under the op_id `buy-1`: nothing else is on this day. */
export const PURCHASE_MS = Date.UTC(2026, 10, 20, 10);

/** One call, made three times, on a day of its own. */
const RETRIES = ['failed', 'failed', 'ok'].map((status, index) => ({
  ts: new Date(Date.UTC(2026, 10, 18, 10, 0, 0, 110 * index)).toISOString(),
  kind: 'span',
  type: 'request',
  op_id: 'retry-1',
  span_id: `try-${index}`,
  service: 'payment',
  operation: 'buy',
  provider: 'acme',
  order_id: 'o-1',
  status,
  duration_ms: 10,
}));

/** An order that is paid an hour later under another op_id; its session has the name of a user, too. */
const STORY = ['failed', 'ok'].flatMap((status, index) => {
  const at = (ms: number): string =>
    new Date(Date.UTC(2026, 10, 17, 10 + index) + ms).toISOString();
  const facts = {
    op_id: `story-${index + 1}`,
    service: 'payment',
    operation: 'buy',
    order_id: 'o-story',
    user_id: 'u-story',
    status,
    ...(index === 1 ? { session_id: 's-story' } : {}),
  };
  const span_id = `story-span-${index}`;
  const attempt = { kind: 'record', type: 'payment.attempt', provider: 'acme', attempt: index + 1 };
  return [
    { ...facts, ts: at(0), kind: 'span', type: 'request', span_id, duration_ms: 200 },
    { ...facts, ts: at(150), span_id, ...attempt, amount: '9.99', currency: 'EUR' },
  ];
});

/** In none of the stories; on a day of its own, by a user who is called as a session is. */
const OTHER = { ts: '2026-11-16T10:00:00Z', service: 'shop', op_id: 'other', user_id: 's-story' };

/** Two shards on which a purchase lies (`buy-1`, half on each), a call made three times (`retry-1`) and the story of an order (`o-story`). */
export async function startPurchaseContext(): Promise<TestContext> {
  const context = await startTestContext({ queue: { kind: 'embedded' }, shardCount: 2 });
  const { store } = context.testStore;
  const events = RETRIED_PURCHASE.map(({ at, ...event }) => ({
    ts: new Date(PURCHASE_MS + at).toISOString(),
    op_id: 'buy-1',
    ...event,
  }));
  await writeEvents(store, events.slice(0, 8), { topic: 'events', shard: 0 });
  await writeEvents(store, events.slice(8), { topic: 'events', shard: 1, partition: 1 });
  await writeEvents(store, RETRIES, { topic: 'retries', shard: 1 });
  await writeEvents(store, STORY.slice(0, 2), { topic: 'story', shard: 0 });
  await writeEvents(store, STORY.slice(2), { topic: 'story', shard: 1, partition: 1 });
  await writeEvents(store, [OTHER], { topic: 'other', shard: 0 });
  return context;
}
