import { expect, it } from 'vitest';
import { DEFAULT_TOPIC } from '../../engine/model/limit.js';
import { openQueue } from '../../engine/queue/open-queue.js';
import { runAtbd } from '../_cli/testing/run-atbd.js';
import { startTestContext } from '../_cli/testing/test-context.js';
import { startTestWorker, until } from '../_cli/testing/test-worker.js';
import { untilStored } from '../_cli/testing/until-stored.js';

/** Makes three views anew. */
const NEWEST = '0007_number_the_events_of_a_record.sql';
const PARTITION_COUNT = 4;
const EVENTS_A_BATCH = 200;

const MESSAGES = Array.from({ length: EVENTS_A_BATCH }, (_, index) => ({
  key: `op-${index}`,
  value: JSON.stringify({ kind: 'span', service: 'cart', user_id: `u-${index}`, duration_ms: 1 }),
}));

it('stores everything once while `atbd migrate` changes the schema under a running worker', async () => {
  await using context = await startTestContext({ queue: { kind: 'embedded' }, shardCount: 1 });
  const client = await context.testStore.store.shard(0);
  await using queue = await openQueue(context.queue);
  await queue.createTopic(DEFAULT_TOPIC, { partitionCount: PARTITION_COUNT });
  await using producer = await queue.createProducer();
  await using worker = await startTestWorker(context);
  await producer.send(DEFAULT_TOPIC, MESSAGES);
  await untilStored(queue, DEFAULT_TOPIC);

  await client.command({ query: `DELETE FROM migrations WHERE name = '${NEWEST}'` });
  // An insert that takes its time, so that the migration has something to wait for while the worker goes on.
  const slow = client.command({
    query: `INSERT INTO ledger SELECT * FROM ledger WHERE sleepEachRow(1) = 1 SETTINGS max_block_size = 1`,
  });
  await until(async () => {
    const answer = await client.query({
      query: `SELECT 1 FROM system.processes WHERE query LIKE 'INSERT INTO ledger%'`,
      format: 'JSONEachRow',
    });
    return (await answer.json()).length > 0 ? true : undefined;
  });
  const migrated = runAtbd(['migrate', '--json'], { env: context.env });
  const migration = { isOver: false };
  void migrated.then(() => (migration.isOver = true));
  while (!migration.isOver) await producer.send(DEFAULT_TOPIC, MESSAGES);
  await slow;
  expect(JSON.parse((await migrated).stdout)).toEqual({
    applied: [{ shard: 0, name: NEWEST }],
    pending: [],
    closedShards: [],
  });

  await untilStored(queue, DEFAULT_TOPIC);
  expect(worker.log).toContain('inserts wait until atbd migrate has changed the schema');
  expect(worker.child.exitCode).toBe(null);
  expect(await runAtbd(['verify'], { env: context.env })).toMatchObject({ code: 0 });
});
