import { describe, expect, it } from 'vitest';
import type { Clock } from '../../model/clock.js';
import type { OwnedPartition } from '../../model/queue.js';
import { type StandStillSources, whileWorkersStandStill } from './stand-still.js';

/** A group that gives this member so many of three partitions; the last one's commit is as given. */
function groupGiving(
  owned: number,
  { intent = 'v1 e1' }: { readonly intent?: string } = {},
): StandStillSources & { readonly takeAway: AbortController; readonly events: string[] } {
  const takeAway = new AbortController();
  const events: string[] = [];
  const partitions = [0, 1, 2].map((partition) => ({ partition, start: 0n, end: 9n }));
  const clock: Clock = {
    nowMs: () => 0,
    sleep: () => new Promise((resolve) => setImmediate(resolve)),
  };
  return {
    takeAway,
    events,
    clock,
    signal: new AbortController().signal,
    queue: {
      listTopics: () => Promise.resolve(['events']),
      describeTopic: (name) => Promise.resolve({ name, identity: 'a', partitions }),
      createConsumer: () =>
        Promise.resolve({
          async run(onPartition, signal) {
            const until = AbortSignal.any([signal, takeAway.signal]);
            const committed = { position: 9n, intent };
            await Promise.all(
              partitions.slice(0, owned).map(({ partition }) => {
                const at = { topic: 'events', partition, committed, signal: until };
                return onPartition(at as Partial<OwnedPartition> as OwnedPartition);
              }),
            );
            events.push('let go');
          },
          [Symbol.asyncDispose]: () => Promise.resolve(),
        }),
    },
  };
}

describe('standing still', () => {
  it('works while every partition is held, and lets go afterwards', async () => {
    const group = groupGiving(3);
    const outcome = await whileWorkersStandStill('g', group, (signal) => {
      group.events.push(`works, ${signal.aborted ? 'stopped' : 'held'}`);
      return Promise.resolve(7);
    });
    expect(outcome).toEqual({ kind: 'done', value: 7 });
    expect(group.events).toEqual(['works, held', 'let go']);
  });

  it.each([
    ['another member has a partition', groupGiving(2), 'workers_up'],
    ['a chunk is announced and open', groupGiving(3, { intent: 'v1 e1 3-8 s0' }), 'chunk_open'],
  ] as const)('does nothing where %s', async (_, group, kind) => {
    const outcome = await whileWorkersStandStill('g', group, () => {
      throw new Error('worked');
    });
    expect(outcome).toEqual({ kind });
    expect(group.events).toEqual(['let go']);
  });

  it('is told when a partition is taken away, which waits for the work to end', async () => {
    const group = groupGiving(3);
    await whileWorkersStandStill('g', group, async (signal) => {
      const stopped = new Promise((resolve) => {
        signal.addEventListener('abort', resolve);
      });
      group.takeAway.abort();
      await stopped;
      group.events.push('stopped');
    });
    expect(group.events).toEqual(['stopped', 'let go']);
  });
});
