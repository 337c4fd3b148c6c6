import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { openQueue } from '../../engine/queue/open-queue.js';
import type { RunAnswer } from '../../engine/scenario/result/story-result.js';
import { hasKafka, startKafkaBroker, type KafkaBroker } from '../../engine/testing/kafka-broker.js';
import { runAtbd, type Ran } from '../_cli/testing/run-atbd.js';

const STORY = {
  title: 'A worker dies, on a real Kafka',
  clock: 'real',
  stack: { shards: 2, queue: 'kafka' },
  load: { duration: '6s', eventsPerSecond: 600 },
  chaos: [{ kind: 'kill-worker', at: '2s' }],
  expect: [
    { kind: 'ingest' },
    { kind: 'counts' },
    { kind: 'traces' },
    { kind: 'freshness', p99: '60s' },
  ],
};

describe.runIf(hasKafka())('a story with a Kafka', () => {
  let broker: KafkaBroker;
  let folder: string;
  let path: string;
  beforeAll(async () => {
    broker = await startKafkaBroker();
    folder = await mkdtemp(join(tmpdir(), 'atbd-kafka-story-'));
    path = join(folder, 'story.yaml');
    await writeFile(path, stringify(STORY));
  });
  afterAll(async () => {
    await broker[Symbol.asyncDispose]();
    await rm(folder, { recursive: true });
  });

  function run(...args: readonly string[]): Promise<Ran> {
    return runAtbd(['scenario', 'run', path, '--folder', folder, ...args]);
  }

  async function topics(): Promise<string[]> {
    await using queue = await openQueue({ kind: 'kafka', brokers: [broker.bootstrap] });
    return await queue.listTopics();
  }

  it('passes twice in a row on one broker, and gives it back without its topic', async () => {
    const { code, stdout, stderr } = await run(
      '--brokers',
      broker.bootstrap,
      '--repeat',
      '2',
      '--json',
    );
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const { results } = JSON.parse(stdout) as RunAnswer;
    for (const { load, chaos, expectations } of results) {
      expect(load.sent).toBeGreaterThan(1_000);
      expect(chaos).toMatchObject([{ kind: 'kill-worker', atMs: 2_000 }]);
      expect(expectations.map(({ isMet }) => isMet)).toEqual([true, true, true, true]);
    }
    expect(await topics()).toEqual([]);
  });

  it('refuses a broker on which the topic is there already, and leaves it alone', async () => {
    await using queue = await openQueue({ kind: 'kafka', brokers: [broker.bootstrap] });
    await queue.createTopic('events', { partitionCount: 1 });
    const { code, stderr } = await run('--brokers', broker.bootstrap);
    expect(code).toBe(2);
    expect(stderr).toContain('cannot run a story on this Kafka: it has a topic "events" already');
    expect(await topics()).toEqual(['events']);
  });

  it('needs to be told where the Kafka is', async () => {
    const { code, stderr } = await run();
    expect(code).toBe(2);
    expect(stderr).toContain('Add --brokers host:port');
  });
});
