import { describe, expect, it } from 'vitest';
import type { Clock } from '../model/clock.js';
import { AtbdError } from '../model/error.js';
import type { QueueRecord, RecordBatch } from '../model/queue.js';
import { followTopic, type FollowedQueue } from './follow-topic.js';

/** Time stands still: every sleep is one turn of the event loop. */
const clock: Clock = {
  nowMs: () => 0,
  sleep: () => new Promise((resolve) => setImmediate(resolve)),
};

/** One topic whose partitions, records and failures a test changes while it is followed. */
class Topic implements FollowedQueue {
  identity = 'a';
  readonly partitions: bigint[][] = [];
  /** Errors that the next calls meet; a read fails after the records that are there. */
  readonly failures: Error[] = [];

  describeTopic(name: string): ReturnType<FollowedQueue['describeTopic']> {
    const failure = this.failures.shift();
    if (failure) return Promise.reject(failure);
    const partitions = this.partitions.map((offsets, partition) => ({
      partition,
      start: 0n,
      end: (offsets.at(-1) ?? -1n) + 1n,
    }));
    return Promise.resolve({ name, identity: this.identity, partitions });
  }

  async *read({
    topic,
    fromOffsets,
    signal,
  }: Parameters<FollowedQueue['read']>[0]): AsyncIterable<RecordBatch> {
    const positions = new Map(fromOffsets);
    while (!signal.aborted) {
      for (const [partition, from] of positions) {
        const offsets = (this.partitions[partition] ?? []).filter((offset) => offset >= from);
        if (offsets.length === 0) continue;
        positions.set(partition, offsets.at(-1)! + 1n);
        yield { topic, partition, records: offsets.map((offset) => recordAt(offset)) };
      }
      const failure = this.failures.shift();
      if (failure) throw failure;
      await clock.sleep(0);
    }
  }
}

function recordAt(offset: bigint): QueueRecord {
  return { offset, timestampMs: 0, key: null, value: null, headers: undefined };
}

/** Follows until `count` records came; gives their places and what was said on the way. */
async function follow(
  topic: Topic,
  { count, onRecord }: { count: number; onRecord?: (place: string) => void },
): Promise<{ places: string[]; said: string[] }> {
  const stop = new AbortController();
  const places: string[] = [];
  const said: string[] = [];
  const batches = followTopic({
    queue: topic,
    topic: 'events',
    identity: 'a',
    positions: new Map([[0, 0n]]),
    signal: stop.signal,
    clock,
    observer: {
      onInterrupted: (error) => said.push(`interrupted: ${error.message}`),
      onReconnected: () => said.push('reconnected'),
      onPartitionAdded: (partition) => said.push(`partition ${partition}`),
      onTopicReplaced: (identity) => said.push(`replaced by ${identity}`),
    },
  });
  for await (const { partition, records } of batches) {
    for (const { offset } of records) {
      places.push(`${partition}:${offset}`);
      onRecord?.(places.at(-1)!);
    }
    if (places.length >= count) stop.abort();
  }
  return { places, said };
}

const unreachable = new AtbdError({
  code: 'QUEUE_UNREACHABLE',
  message: 'cannot reach the queue',
  hint: 'Wait.',
});

describe('followTopic', () => {
  it('goes on after an interruption where it was, and says so once', async () => {
    const topic = new Topic();
    topic.partitions.push([0n, 1n]);
    const { places, said } = await follow(topic, {
      count: 3,
      onRecord: (place) => {
        if (place !== '0:1') return;
        topic.failures.push(unreachable, unreachable, unreachable);
        topic.partitions[0]!.push(2n);
      },
    });
    expect(places).toEqual(['0:0', '0:1', '0:2']);
    expect(said).toEqual(['interrupted: cannot reach the queue', 'reconnected']);
  });

  it('picks up a partition that is added while it follows, from its start', async () => {
    const topic = new Topic();
    topic.partitions.push([0n]);
    const { places, said } = await follow(topic, {
      count: 3,
      onRecord: (place) => {
        if (place === '0:0') topic.partitions.push([0n, 1n]);
      },
    });
    expect(places).toEqual(['0:0', '1:0', '1:1']);
    expect(said).toEqual(['partition 1']);
  });

  it('begins anew when the topic is deleted and made again', async () => {
    const topic = new Topic();
    topic.partitions.push([0n, 1n, 2n]);
    const { places, said } = await follow(topic, {
      count: 4,
      onRecord: (place) => {
        if (place !== '0:2' || topic.identity === 'b') return;
        topic.identity = 'b';
        topic.partitions[0] = [0n];
      },
    });
    expect(places).toEqual(['0:0', '0:1', '0:2', '0:0']);
    expect(said).toEqual(['replaced by b']);
  });

  it('gives up at an error that waiting does not cure', async () => {
    const topic = new Topic();
    topic.partitions.push([]);
    topic.failures.push(new Error('BUG: a surprise'), unreachable);
    await expect(follow(topic, { count: 1 })).rejects.toThrow('a surprise');
    expect(topic.failures).toEqual([unreachable]);
  });
});
