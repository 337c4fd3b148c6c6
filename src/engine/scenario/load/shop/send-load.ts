import type { Clock } from '../../../model/clock.js';
import { BACKFILL_HEADER } from '../../../model/limit.js';
import type { QueueMessage, QueueProducer } from '../../../model/queue.js';
import type { StoryShop } from './story-shop.js';

/** One batch: enough for the queue's full rate, and a fraction of a second of work. */
const BATCH_MESSAGES_MAX = 5_000;

/** Story time goes on by steps of about so many events, so that memory stays small. */
const STEP_EVENTS = 2_000;

/** With a real clock, how often what is due is sent. */
const TICK_MS = 50;

/** Virtual time is past or future for the queue: its events say so, or their times would be clamped. */
const BACKFILL = { [BACKFILL_HEADER]: '1' };

/** How the load is sent. */
export interface LoadOptions {
  readonly shop: StoryShop;
  readonly producer: QueueProducer;
  readonly topic: string;
  readonly isReal: boolean;
  /** Story time, [fromMs, toMs). */
  readonly fromMs: number;
  readonly toMs: number;
  readonly eventsPerSecond: number;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** After each confirmed step: story time reached, and records confirmed so far. */
  readonly onStep: (storyMs: number, sentCount: number) => void;
}

/** Sends everything the shop says into the queue, in order; resolves with the number of records confirmed. */
export async function sendLoad(options: LoadOptions): Promise<number> {
  const { shop, fromMs, toMs, signal, onStep } = options;
  let sentCount = 0;
  let isGoing = true;
  for await (const untilMs of steps(options)) {
    if (!isGoing) break;
    const due: QueueMessage[] = [];
    isGoing = shop.advance(untilMs, (sending) => {
      due.push(toMessage(sending, options.isReal));
    });
    sentCount += await sendAll(due, options);
    onStep(Math.min(untilMs, toMs) - fromMs, sentCount);
    signal.throwIfAborted();
  }
  return sentCount;
}

/** The moments of the story up to which is sent next; goes on past the end for what is sent late. */
async function* steps(options: LoadOptions): AsyncGenerator<number> {
  const { isReal, fromMs, eventsPerSecond, clock, signal } = options;
  const stepMs = Math.max(1, Math.round((STEP_EVENTS / eventsPerSecond) * 1000));
  const beganMs = clock.nowMs();
  for (let untilMs = fromMs; ;) {
    if (isReal) await clock.sleep(TICK_MS, signal);
    untilMs = isReal ? fromMs + (clock.nowMs() - beganMs) : untilMs + stepMs;
    yield untilMs;
  }
}

async function sendAll(
  due: readonly QueueMessage[],
  { producer, topic }: LoadOptions,
): Promise<number> {
  for (let at = 0; at < due.length; at += BATCH_MESSAGES_MAX)
    await producer.send(topic, due.slice(at, at + BATCH_MESSAGES_MAX));
  return due.length;
}

function toMessage(
  { key, value }: { readonly key: string; readonly value: Buffer | string },
  isReal: boolean,
): QueueMessage {
  return isReal ? { key, value } : { key, value, headers: BACKFILL };
}
