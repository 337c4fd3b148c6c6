import { readdirSync, existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunAnswer } from '../../engine/scenario/result/story-result.js';
import { hasKafka, startKafkaBroker, type KafkaBroker } from '../../engine/testing/kafka-broker.js';
import { hasRedis, startRedisServer, type RedisServer } from '../../engine/testing/redis-server.js';
import { runAtbd } from '../_cli/testing/run-atbd.js';

const STORIES = fileURLToPath(new URL('../../../scenarios', import.meta.url));

const names = readdirSync(STORIES).filter((name) => existsSync(`${STORIES}/${name}/scenario.yaml`));

/** Those that are also told to a real Kafka and a real Redis: one as fast as it goes, one that kills the worker. */
const ON_OTHER_QUEUES = ['quiet-day', 'worker-killed'];

/** The expectations that did not hold, so that a failure says more than a code. */
async function failuresOf(...args: readonly string[]): Promise<unknown> {
  const { stdout, stderr } = await runAtbd(['scenario', 'run', ...args, '--json']);
  if (!stdout.startsWith('{')) return stderr;
  const { results } = JSON.parse(stdout) as RunAnswer;
  return results.flatMap(({ expectations }) => expectations.filter(({ isMet }) => !isMet));
}

describe('a shipped story', () => {
  it.each(names)('holds what it expects: %s', async (name) => {
    expect(await failuresOf(name)).toEqual([]);
  });

  it.each(names)('has a README that says what to look for: %s', async (name) => {
    const text = await readFile(`${STORIES}/${name}/README.md`, 'utf8');
    expect(text).toMatch(/^# .+\n/u);
    expect(text).toContain(`atbd scenario run ${name}`);
  });
});

describe.runIf(hasKafka())('a shipped story on a real Kafka', () => {
  let broker: KafkaBroker;
  beforeAll(async () => {
    broker = await startKafkaBroker();
  });
  afterAll(() => broker[Symbol.asyncDispose]());

  it.each(ON_OTHER_QUEUES)('holds what it expects: %s', async (name) => {
    const kafka = ['--queue', 'kafka', '--brokers', broker.bootstrap];
    expect(await failuresOf(name, ...kafka)).toEqual([]);
  });
});

describe.runIf(hasRedis())('a shipped story on a real Redis', () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await startRedisServer();
  });
  afterAll(() => server[Symbol.asyncDispose]());

  it.each(ON_OTHER_QUEUES)('holds what it expects: %s', async (name) => {
    expect(await failuresOf(name, '--queue', 'redis', '--redis', server.url)).toEqual([]);
  });
});
