import { BatchSender } from '../../../engine/edge/batch-sender.js';
import type { Sending } from '../../../engine/generate/create-shop.js';
import { BACKFILL_HEADER, DEFAULT_PARTITION_COUNT } from '../../../engine/model/limit.js';
import type { QueueMessage } from '../../../engine/model/queue.js';
import { openLogOutput } from '../_logs/log-output.js';
import { resolveContext } from '../../_cli/context.js';

/** Where events go. */
export interface EventSink extends AsyncDisposable {
  /** For people: `topic events`, `file x.ndjson`. */
  readonly name: string;
  /** What has safely arrived. */
  readonly sentCount: number;
  /** Resolves when there is room for more. */
  write(sendings: readonly Sending[]): Promise<void>;
  /** Resolves when all that was written has arrived. */
  flush(): Promise<void>;
}

const BACKFILL_HEADERS = { [BACKFILL_HEADER]: '1' };

/** The queue of a context; the topic is made when it is missing. */
export async function openQueueSink(options: {
  readonly context: string | undefined;
  readonly topic: string;
  /** Old times are kept, however old. */
  readonly isBackfill: boolean;
}): Promise<EventSink> {
  const context = await resolveContext({ name: options.context });
  const { openQueue } = await import('../../../engine/queue/open-queue.js');
  const queue = await openQueue(context.queue);
  await queue.createTopic(options.topic, { partitionCount: DEFAULT_PARTITION_COUNT });
  const producer = await queue.createProducer();
  const sender = new BatchSender(producer, options.topic);
  const toMessage = options.isBackfill
    ? ({ key, value }: Sending): QueueMessage => ({ key, value, headers: BACKFILL_HEADERS })
    : (sending: Sending): QueueMessage => sending;
  return {
    name: `topic ${options.topic}`,
    get sentCount() {
      return sender.sentCount;
    },
    async write(sendings) {
      await sender.add(sendings.map(toMessage));
    },
    flush: () => sender.flush(),
    async [Symbol.asyncDispose]() {
      await producer[Symbol.asyncDispose]();
      await queue[Symbol.asyncDispose]();
    },
  };
}

/** A file, or standard output without a path, of one event a line. Rejects as `openLogOutput` does. */
export async function openLineSink(
  path: string | undefined,
  { canReplace }: { readonly canReplace: boolean },
): Promise<EventSink> {
  const output = await openLogOutput(path, { canReplace });
  let sentCount = 0;
  return {
    name: path === undefined ? 'standard output' : `file ${path}`,
    get sentCount() {
      return sentCount;
    },
    async write(sendings) {
      await output.write(linesOf(sendings));
      sentCount += sendings.length;
    },
    flush: () => Promise.resolve(),
    [Symbol.asyncDispose]: () => output[Symbol.asyncDispose](),
  };
}

/** Poison may be any bytes, so lines are joined as bytes where there are some. */
function linesOf(sendings: readonly Sending[]): Buffer {
  const parts: Buffer[] = [];
  let text = '';
  for (const { value } of sendings) {
    if (typeof value === 'string') text += value + '\n';
    else {
      parts.push(Buffer.from(text), value, Buffer.from('\n'));
      text = '';
    }
  }
  parts.push(Buffer.from(text));
  return parts.length === 1 ? (parts[0] ?? Buffer.alloc(0)) : Buffer.concat(parts);
}
