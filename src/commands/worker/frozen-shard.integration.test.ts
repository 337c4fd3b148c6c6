import { expect, it } from 'vitest';
import { DEFAULT_PARTITION_COUNT, DEFAULT_TOPIC } from '../../engine/model/limit.js';
import type { QueueProducer } from '../../engine/model/queue.js';
import { openQueue } from '../../engine/queue/open-queue.js';
import { runAtbd } from '../_cli/testing/run-atbd.js';
import { startTestContext } from '../_cli/testing/test-context.js';
import { startTestWorker, type TestWorker } from '../_cli/testing/test-worker.js';

const SHARD_COUNT = 3;
const FROZEN = 1;
const MIB = 1024 ** 2;
const INFLIGHT_MIB = 12;
/** Rounds after which the worker holds all that it will ever hold. */
const WARM_UP_COUNT = 4;
/** Then compared: in all many times what may be held, of which a third is for the shard that is frozen. */
const COMPARED_COUNT = 8;
const ROUND_COUNT = 1 + WARM_UP_COUNT + COMPARED_COUNT;
const EVENTS_A_ROUND = 24_000;
const EVENT_BYTES = 400;
/** What the worker may hold more while another 14 MB come to wait for the frozen shard, and 28 MB pass it. */
const GROWTH_MIB_MAX = 3;
/** A worker that was told to stop is given this long by supervisors. */
const STOP_MS_MAX = 10_000;
const TEST_MS_MAX = 300_000;

async function sendRound(producer: QueueProducer, round: number): Promise<void> {
  const messages = Array.from({ length: EVENTS_A_ROUND }, (_, index) => ({
    key: `op-${round}-${index % 997}`,
    value: JSON.stringify({ message: 'x'.repeat(EVENT_BYTES), line: index }),
  }));
  await producer.send(DEFAULT_TOPIC, messages);
}

type Samples = Readonly<Record<string, number>>;

/** Records that wait, of partitions whose shard is frozen or of the others. */
function lagOf(samples: Samples, { ofFrozen }: { readonly ofFrozen: boolean }): number {
  let sum = 0;
  for (let partition = 0; partition < DEFAULT_PARTITION_COUNT; partition += 1) {
    const name = `atbd_ingest_lag_records{topic="${DEFAULT_TOPIC}",partition="${partition}"}`;
    if ((partition % SHARD_COUNT === FROZEN) === ofFrozen) sum += samples[name] ?? Infinity;
  }
  return sum;
}

/** Rounds while a shard is frozen; MiB that the worker holds after each. */
async function overload(producer: QueueProducer, worker: TestWorker): Promise<number[]> {
  const memory: number[] = [];
  for (let round = 1; round < ROUND_COUNT; round += 1) {
    await sendRound(producer, round);
    const samples = await worker.samplesUntil((seen) => lagOf(seen, { ofFrozen: false }) === 0);
    expect(samples['atbd_ingest_inflight_bytes']).toBeLessThanOrEqual(INFLIGHT_MIB * MIB);
    memory.push((await worker.retainedBytes()) / MIB);
  }
  return memory;
}

it(
  'stores what is for the other shards while one is frozen, in flat memory, and stops in time',
  async () => {
    await using context = await startTestContext({
      queue: { kind: 'embedded' },
      shardCount: SHARD_COUNT,
    });
    const pid = context.testStore.pids[FROZEN]!;
    await using queue = await openQueue(context.queue);
    await queue.createTopic(DEFAULT_TOPIC, { partitionCount: DEFAULT_PARTITION_COUNT });
    await using producer = await queue.createProducer();
    const flags = ['--max-inflight-bytes', `${INFLIGHT_MIB}MiB`];
    await using worker = await startTestWorker(context, flags);
    await sendRound(producer, 0);
    await worker.samplesUntil(
      (seen) => lagOf(seen, { ofFrozen: true }) + lagOf(seen, { ofFrozen: false }) === 0,
    );

    process.kill(pid, 'SIGSTOP');
    try {
      const memory = await overload(producer, worker);
      console.log('MiB held after each round:', memory.map((mib) => mib.toFixed(1)).join(' '));
      const compared = memory.slice(-COMPARED_COUNT);
      const [early, late] = [compared.slice(0, 4), compared.slice(-4)].map((all) =>
        Math.max(...all),
      );
      expect(late! - early!).toBeLessThan(GROWTH_MIB_MAX);

      const samples = await worker.samples();
      expect(samples['atbd_ingest_paused_partitions']).toBe(2);
      expect(lagOf(samples, { ofFrozen: true })).toBeGreaterThan(
        ((ROUND_COUNT - 1) * EVENTS_A_ROUND) / 4,
      );
      expect(await worker.get('/readyz')).toMatchObject({
        status: 503,
        text: `shard ${FROZEN} does not answer\n`,
      });
      expect(await worker.get('/healthz')).toMatchObject({ status: 200 });

      const force = setTimeout(() => worker.child.kill('SIGKILL'), STOP_MS_MAX);
      expect(await worker.end('SIGTERM')).toEqual({ code: 0, signal: null });
      clearTimeout(force);
    } finally {
      process.kill(pid, 'SIGCONT');
    }

    // Thawed, the shard answers what nobody waits for any more; the same chunks come again.
    await using next = await startTestWorker(context, flags);
    await next.samplesUntil(
      (seen) => lagOf(seen, { ofFrozen: true }) + lagOf(seen, { ofFrozen: false }) === 0,
    );
    expect(await runAtbd(['verify'], { env: context.env })).toMatchObject({ code: 0 });
  },
  TEST_MS_MAX,
);
