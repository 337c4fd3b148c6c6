import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { DEFAULT_TOPIC } from '../../engine/model/limit.js';
import { openQueue } from '../../engine/queue/open-queue.js';
import { runAtbd } from '../_cli/testing/run-atbd.js';
import { startTestContext } from '../_cli/testing/test-context.js';
import { startTestWorker, until } from '../_cli/testing/test-worker.js';

interface LogLine {
  readonly level: string;
  readonly message: string;
  readonly attrs: Readonly<Record<string, string>>;
}

it('writes a log that ingest reads back as events', async () => {
  await using context = await startTestContext({ queue: { kind: 'embedded' }, shardCount: 1 });
  const { env, testStore } = context;
  await using queue = await openQueue(context.queue);
  await queue.createTopic(DEFAULT_TOPIC, { partitionCount: 1 });
  await using producer = await queue.createProducer();
  await using worker = await startTestWorker(context, ['--log-level', 'debug']);
  await until(async () => ((await worker.get('/readyz')).status === 200 ? true : undefined));

  await testStore.stopShard(0);
  await producer.send(DEFAULT_TOPIC, [{ key: null, value: '{"message":"one"}' }]);
  await until(() => Promise.resolve(worker.log.includes('cannot go on yet') ? true : undefined));
  await testStore.startShard(0);
  await until(() => Promise.resolve(worker.log.includes('stored events/0') ? true : undefined));
  expect(await worker.end('SIGTERM')).toEqual({ code: 0, signal: null });

  const file = join(dirname(env['ATBD_CONFIG'] ?? ''), 'worker.log');
  await writeFile(file, worker.log);
  const sent = await runAtbd(['ingest', file, '--json', '--strict'], { env });
  const lineCount = worker.log.trimEnd().split('\n').length;
  expect(sent).toMatchObject({ code: 0 });
  expect(JSON.parse(sent.stdout)).toMatchObject({ sentCount: lineCount, rejectedCount: 0 });

  await using _second = await startTestWorker(context);
  const lines = await until(async () => {
    const { stdout } = await runAtbd(
      ['query', 'logs', '-f', 'service=atbd-ingest', '--json', '--limit', '200'],
      { env },
    );
    const { events } = JSON.parse(stdout) as { events: LogLine[] };
    return events.length === lineCount ? events : undefined;
  });
  const retry = lines.findLast(({ level }) => level === 'warn');
  expect(retry?.message).toContain('cannot go on yet (CLICKHOUSE_UNREACHABLE, attempt 1)');
  expect(retry?.attrs).toMatchObject({ code: 'CLICKHOUSE_UNREACHABLE', failed_attempts: '1' });
  const stored = lines.find(({ level }) => level === 'debug');
  expect(stored?.attrs).toMatchObject({ topic: 'events', partition: '0', first: '0', last: '0' });
});
