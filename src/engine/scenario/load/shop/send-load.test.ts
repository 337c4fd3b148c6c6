import { describe, expect, it } from 'vitest';
import type { QueueMessage } from '../../../model/queue.js';
import { createPlainLoad } from '../../testing/plain-load.js';
import { sendLoad, type LoadOptions } from './send-load.js';
import { JumpingClock } from '../../../testing/jumping-clock.js';

const FROM_MS = Date.UTC(2026, 2, 2);
const DURATION_MS = 60_000;

interface Sent {
  readonly messages: readonly QueueMessage[];
  readonly atMs: number;
}

/** One minute of 300 events a second, sent to a queue that takes everything. */
async function send(changed: Partial<LoadOptions>) {
  const clock = new JumpingClock(1_000_000);
  const sent: Sent[] = [];
  const steps: { readonly storyMs: number; readonly sentCount: number }[] = [];
  const range = { fromMs: FROM_MS, toMs: FROM_MS + DURATION_MS };
  const count = await sendLoad({
    shop: createPlainLoad({ seed: 1, ...range, eventsPerSecond: 300 }),
    producer: {
      send: (_topic, messages) => {
        sent.push({ messages, atMs: clock.nowMs() - 1_000_000 });
        return Promise.resolve();
      },
      [Symbol.asyncDispose]: () => Promise.resolve(),
    },
    topic: 'events',
    isReal: false,
    ...range,
    eventsPerSecond: 300,
    clock,
    signal: new AbortController().signal,
    onStep: (storyMs, sentCount) => steps.push({ storyMs, sentCount }),
    ...changed,
  });
  return { count, sent, steps, tookMs: clock.nowMs() - 1_000_000 };
}

function eventTimeMs({ value }: QueueMessage): number {
  return Date.parse((JSON.parse(String(value)) as { ts: string }).ts) - FROM_MS;
}

describe('a load', () => {
  it('is sent whole, in order and in small batches, and takes no time when its clock is virtual', async () => {
    const { count, sent, steps, tookMs } = await send({});
    expect({ count, tookMs }).toEqual({ count: 18_000, tookMs: 0 });
    const times = sent.flatMap(({ messages }) => messages.map(eventTimeMs));
    expect(times).toHaveLength(18_000);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    expect(Math.max(...sent.map(({ messages }) => messages.length))).toBeLessThan(2_100);
    expect(steps.at(-1)).toEqual({ storyMs: DURATION_MS, sentCount: 18_000 });
  });

  it('says that virtual times are not to be judged by the clock, and says no such thing of real ones', async () => {
    const virtual = await send({});
    const real = await send({ isReal: true });
    expect(virtual.sent[0]?.messages[0]?.headers).toEqual({ 'atbd-backfill': '1' });
    expect(real.sent[0]?.messages[0]?.headers).toBeUndefined();
  });

  it('is sent when it is due where its clock is real, never before and soon after', async () => {
    const { count, sent, tookMs } = await send({ isReal: true });
    expect(count).toBe(18_000);
    expect(tookMs).toBeGreaterThanOrEqual(DURATION_MS);
    for (const { messages, atMs } of sent) {
      for (const message of messages) {
        const lateMs = atMs - eventTimeMs(message);
        expect(lateMs).toBeGreaterThanOrEqual(0);
        expect(lateMs).toBeLessThanOrEqual(100);
      }
    }
  });

  it('stops when it is told to', async () => {
    const controller = new AbortController();
    const onStep = (): void => {
      controller.abort(new Error('stopped'));
    };
    await expect(send({ signal: controller.signal, onStep })).rejects.toThrow('stopped');
  });
});
