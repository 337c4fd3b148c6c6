import { describe, expect, it } from 'vitest';
import { AtbdError } from '../model/error.js';
import { ManualClock } from '../testing/manual-clock.js';
import { type HeldLease, HeldPartitions } from './held-partitions.js';

const LEASE: HeldLease = { topic: 'events', topicId: 'id', partition: 0, fence: 1 };
const SESSION_MS = 6_000;
const LOOK_MS = 200;

/** A member, what it did in order, and the end of its run. */
function runMember({
  work,
  letGo = () => Promise.resolve(),
}: {
  readonly work: (signal: AbortSignal) => Promise<void>;
  readonly letGo?: () => Promise<void>;
}) {
  const clock = new ManualClock();
  const said: string[] = [];
  const stop = new AbortController();
  const held = new HeldPartitions<HeldLease>({
    clock,
    sessionTimeoutMs: SESSION_MS,
    lookIntervalMs: LOOK_MS,
    letGo: () => {
      said.push('let go');
      return letGo();
    },
    leave: () => {
      said.push('left');
      return Promise.resolve();
    },
  });
  const look = (): Promise<void> => {
    if (!held.has(LEASE)) {
      said.push('started');
      held.start(LEASE, work);
    }
    return Promise.resolve();
  };
  const ended = held.run(look, stop.signal);
  ended.catch(() => undefined);
  return { held, clock, said, stop, ended };
}

function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => {
      resolve();
    });
  });
}

describe('HeldPartitions', () => {
  it('lets a partition go when the work on it has ended, and leaves last', async () => {
    const { stop, said, ended } = runMember({
      work: async (signal) => {
        await untilAborted(signal);
        said.push('ended');
      },
    });
    stop.abort();
    await ended;
    expect(said).toEqual(['started', 'ended', 'let go', 'left']);
  });

  it('waits a session for work that does not end', async () => {
    const { clock, stop, said, ended } = runMember({ work: () => new Promise(() => undefined) });
    stop.abort();
    await clock.advanceTo(SESSION_MS - 1);
    expect(said).toEqual(['started']);
    await clock.advanceTo(SESSION_MS);
    await ended;
    expect(said).toEqual(['started', 'let go', 'left']);
  });

  it('begins anew after a failure that says that all is other than it was', async () => {
    const failures = [new AtbdError({ code: 'OFFSET_OUT_OF_RANGE', message: 'm', hint: 'h' })];
    const { clock, said, held } = runMember({
      work: async (signal) => {
        const failure = failures.pop();
        if (failure !== undefined) throw failure;
        await untilAborted(signal);
      },
    });
    await clock.advanceTo(LOOK_MS);
    expect(said).toEqual(['started', 'let go', 'started']);
    expect(held.letGoCount).toBe(1);
    await held.close();
  });

  it.each([
    ['work', { work: () => Promise.reject(new Error('broken')) }],
    [
      'letting go',
      {
        work: () =>
          Promise.reject(new AtbdError({ code: 'QUEUE_FENCED', message: 'm', hint: 'h' })),
        letGo: () => Promise.reject(new Error('broken')),
      },
    ],
  ])('ends with what %s failed with, after it has left', async (_, options) => {
    const { clock, said, ended } = runMember(options);
    await clock.advanceTo(LOOK_MS);
    await expect(ended).rejects.toThrow('broken');
    expect(said.at(-1)).toBe('left');
  });

  it('runs once', async () => {
    const { held, stop, ended } = runMember({ work: untilAborted });
    await expect(held.run(() => Promise.resolve(), stop.signal)).rejects.toThrow('BUG');
    await held.close();
    await ended;
  });
});
