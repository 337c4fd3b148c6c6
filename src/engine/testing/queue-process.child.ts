import { writeSync } from 'node:fs';
import { EmbeddedQueue } from '../queue/embedded/embedded-queue.js';
import { recordsOf } from '../model/record-run.js';

/**
 * A process that uses an embedded queue until it is killed; tests start it from dist/.
 * `produce PATH TOPIC NAME BATCH_SIZE` prints `ack N` when batch N is acknowledged;
 * `consume PATH TOPIC GROUP` prints `own P` and, after each commit, `done P FIRST NEXT`.
 * `reopen PATH` opens and closes the queue again and again, and prints `open` each time.
 * SIGTERM ends them in order.
 */
const [role, path = '', topic = '', name = '', batchSize = '0'] = process.argv.slice(2);
const stop = new AbortController();
process.once('SIGTERM', () => {
  stop.abort();
});
if (role === 'reopen') await reopen();
else await use();

async function reopen(): Promise<void> {
  while (!stop.signal.aborted) {
    await using _queue = await EmbeddedQueue.open({ path });
    say('open');
  }
}

async function use(): Promise<void> {
  await using queue = await EmbeddedQueue.open({ path });
  if (role === 'produce') await produce(queue);
  else await consume(queue);
}

async function produce(queue: EmbeddedQueue): Promise<void> {
  await using producer = await queue.createProducer();
  for (let batch = 0; !stop.signal.aborted; batch += 1) {
    const messages = Array.from({ length: Number(batchSize) }, (_, index) => ({
      key: `${name}-${index}`,
      value: `${name} ${batch} ${index}`,
    }));
    await producer.send(topic, messages);
    say(`ack ${batch}`);
  }
}

async function consume(queue: EmbeddedQueue): Promise<void> {
  await using consumer = await queue.createConsumer({ groupId: name, topics: [topic] });
  await consumer.run(async (partition) => {
    say(`own ${partition.partition}`);
    while (!partition.signal.aborted) {
      const runs = await partition.read({ waitMs: 50 }).catch(ignoreLoss(partition.signal));
      const records = recordsOf(runs ?? []);
      const [first, last] = [records[0], records.at(-1)];
      if (!first || !last) continue;
      const next = last.offset + 1n;
      await partition.commit({ position: next, intent: null });
      say(`done ${partition.partition} ${first.offset.toString()} ${next.toString()}`);
    }
  }, stop.signal);
}

/** Written at once, so that what was said before a kill is never lost in a buffer. */
function say(line: string): void {
  writeSync(process.stdout.fd, `${line}\n`);
}

function ignoreLoss(signal: AbortSignal): (error: unknown) => undefined {
  return (error) => {
    if (!signal.aborted) throw error;
  };
}
