import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { INGEST_GROUP_ID } from '../../engine/model/limit.js';
import { decodeIntent } from '../../engine/model/intent.js';
import { createRandom } from '../../engine/model/random.js';
import { openQueue } from '../../engine/queue/open-queue.js';
import { KillTest, TOPIC } from '../_cli/testing/kill-test.js';
import { sqlByHand } from '../../store/testing/sql-by-hand.js';
import { runAtbd } from '../_cli/testing/run-atbd.js';
import { startTestContext, type TestContext } from '../_cli/testing/test-context.js';
import { startTestWorker } from '../_cli/testing/test-worker.js';
import { untilStored } from '../_cli/testing/until-stored.js';

const NEW_SHARD = 2;
const PARTITION_COUNT = 6;
const EVENT_COUNT = 6_000;
const TEST_MS_MAX = 180_000;

/** The context from now on: so many of the shards that there are. */
async function nameShards({ env, testStore }: TestContext, count: number): Promise<void> {
  const path = env['ATBD_CONFIG']!;
  const config = parse(await readFile(path, 'utf8')) as {
    contexts: { test: { store: { shards: string[] } } };
  };
  config.contexts.test.store.shards = testStore.connection.shards
    .slice(0, count)
    .map(({ url }) => url);
  await writeFile(path, stringify(config), { mode: 0o600 });
}

/** Which partitions have rows on each shard. */
async function partitionsByShard({ testStore }: TestContext): Promise<number[][]> {
  return Promise.all(
    testStore.connection.shards.map(async (_, shard) => {
      const answer = await (
        await testStore.store.shard(shard)
      ).query({
        query: `SELECT DISTINCT partition FROM events_local ORDER BY partition`,
        format: 'JSONEachRow',
      });
      return (await answer.json<{ partition: number }>()).map(({ partition }) => partition);
    }),
  );
}

interface PartitionRange {
  readonly partition: number;
  readonly first: bigint;
  readonly last: bigint;
}

/** Which shards have rows of these offsets. */
async function shardsOf(
  { partition, first, last }: PartitionRange,
  { testStore }: TestContext,
): Promise<number[]> {
  const counts = await Promise.all(
    testStore.connection.shards.map((_, shard) =>
      sqlByHand(
        testStore,
        shard,
        `SELECT count() FROM events_local WHERE partition = ${partition} AND offset BETWEEN ${first} AND ${last}`,
      ),
    ),
  );
  return counts.flatMap((count, shard) => (count === '0' ? [] : [shard]));
}

/** The statement as the page has it. */
async function movingStatement(): Promise<string> {
  const page = await readFile('docs/shards.md', 'utf8');
  return /```sql\n(?<sql>[^`]*)```/.exec(page)!.groups!['sql']!;
}

it(
  'moves partitions to a shard that is added, as docs/shards.md says, after a worker was killed amid a chunk',
  async () => {
    await using context = await startTestContext({
      queue: { kind: 'embedded' },
      shardCount: NEW_SHARD + 1,
    });
    const { env, testStore } = context;
    const added = await testStore.store.shard(NEW_SHARD);
    await added.command({
      query: 'DROP DATABASE atbd SYNC',
      http_headers: { 'X-ClickHouse-Database': 'default' },
    });
    await nameShards(context, NEW_SHARD);
    await using queue = await openQueue(context.queue);
    await queue.createTopic(TOPIC, { partitionCount: PARTITION_COUNT });
    const test = new KillTest({ queue, context, random: createRandom(1) });
    await test.produce(EVENT_COUNT);
    const peaceful = test.startWorker();
    const ended = once(peaceful, 'exit');
    await untilStored(queue, TOPIC);
    peaceful.kill('SIGTERM');
    await ended;
    await test.produce(EVENT_COUNT);
    await once(test.startWorker(`announced:${PARTITION_COUNT}`), 'exit');
    const open = await queue.groupPositions(INGEST_GROUP_ID, TOPIC);
    const announced = [...open].flatMap(([partition, { intent }]) => {
      const range = decodeIntent(intent)?.open;
      return range ? [{ partition, ...range }] : [];
    });
    // Among them one that moves: of the others nobody could tell to which shard they are sent again.
    expect(announced.map(({ partition }) => partition)).toEqual(
      expect.arrayContaining([
        expect.toSatisfy((partition: number) => partition % 3 === NEW_SHARD),
      ]),
    );

    await nameShards(context, NEW_SHARD + 1);
    expect(await runAtbd(['migrate'], { env })).toMatchObject({ code: 0 });
    const query = await movingStatement();
    for (let shard = 0; shard < NEW_SHARD; shard += 1) {
      await (await testStore.store.shard(shard)).command({ query });
    }

    await using worker = await startTestWorker(context);
    await test.produce(EVENT_COUNT);
    await untilStored(queue, TOPIC);
    expect(worker.log).toContain('again: it was announced by an earlier owner');
    expect(await partitionsByShard(context)).toEqual([
      [0, 2, 4],
      [1, 3, 5],
      [2, 5],
    ]);
    for (const range of announced) expect(await shardsOf(range, context)).toEqual([range.shard]);
    expect(await runAtbd(['verify'], { env })).toMatchObject({ code: 0 });
    expect(await worker.end('SIGTERM')).toEqual({ code: 0, signal: null });
  },
  TEST_MS_MAX,
);
