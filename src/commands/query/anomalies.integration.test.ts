import { afterAll, beforeAll, expect, it } from 'vitest';
import { faultOf, runShop, smallSpec } from '../../engine/generate/testing/run-shop.js';
import type { Truth } from '../../engine/generate/truth.js';
import { runAtbd } from '../_cli/testing/run-atbd.js';
import { startTestContext, type TestContext } from '../_cli/testing/test-context.js';
import { ShopTopic } from './_question/testing/shop-topic.js';

const RANGE = ['--from', '2026-11-20T09:00:00Z', '--to', '2026-11-20T11:00:00Z'];

let context: TestContext;
let truth: Truth;
beforeAll(async () => {
  context = await startTestContext({ queue: { kind: 'embedded' }, shardCount: 2 });
  const shop = runShop(
    smallSpec({
      seed: 31,
      fromMs: Date.UTC(2026, 10, 20, 9),
      toMs: Date.UTC(2026, 10, 20, 11),
      eventsPerSecond: 6,
      userCount: 300,
      faults: [
        faultOf({ kind: 'refund-ring', users: 2, every: '3m', at: '10m' }),
        faultOf({ kind: 'hammering-user', operation: 'view', perSecond: 2, at: '40m', for: '4m' }),
      ],
    }),
  );
  truth = shop.truth;
  await new ShopTopic(context.testStore.store, 'events').write(shop.sendings);
});
afterAll(async () => {
  await context[Symbol.asyncDispose]();
});

it('finds those who are guilty, each for what he did, and nobody else', async () => {
  const ran = await runAtbd(['query', 'anomalies', ...RANGE, '--json'], context);
  const answer = JSON.parse(ran.stdout) as {
    readonly warmingUp: number;
    readonly rows: readonly { readonly kind: string; readonly who: string }[];
  };
  const found = answer.rows.map(({ kind, who }) => `${kind} ${who}`);
  const guilty = truth.guilty.map(
    ({ userId, why }) => `${why === 'refund-ring' ? 'refunds' : 'multitude'} user ${userId}`,
  );
  expect([...new Set(found)].toSorted()).toEqual(guilty.toSorted());
  // Two hours are no history: no figure is called unusual.
  expect(answer.warmingUp).toBeGreaterThan(0);
});
