import { describe, expect, it } from 'vitest';
import { ManualClock } from '../testing/manual-clock.js';
import { ProbeWatch } from './probe-watch.js';

const POLL_MS = 50;

/** A store in which a record is visible from its moment on, and that takes 10 ms to answer. */
function setUp(
  visibleFromMs: Readonly<Record<string, number>>,
  isDown: (nowMs: number) => boolean = () => false,
) {
  const clock = new ManualClock();
  const questions: string[][] = [];
  const errors: unknown[] = [];
  const seenAtMs: Record<string, number> = {};
  const interrupt = new AbortController();
  const { signal } = interrupt;
  const watch = new ProbeWatch({
    findVisible: async (ids) => {
      const askedMs = clock.nowMs();
      questions.push([...ids]);
      await clock.sleep(10);
      if (isDown(askedMs)) throw new Error('down');
      return ids.filter((id) => (visibleFromMs[id] ?? Infinity) <= askedMs);
    },
    ...{ clock, pollMs: POLL_MS, onPollError: (error) => errors.push(error), signal },
  });
  const follow = (id: string): void => {
    void watch.untilVisible(id).then(() => {
      seenAtMs[id] = clock.nowMs();
    });
  };
  return { clock, questions, errors, seenAtMs, interrupt, follow };
}

describe('ProbeWatch', () => {
  it('sees a record with the first question after it became visible', async () => {
    const { clock, seenAtMs, follow } = setUp({ early: 0, late: 120 });
    follow('early');
    follow('late');
    await clock.advanceTo(1_000);
    // Asked at 0, 50, 100, 150; each answer takes 10 ms.
    expect(seenAtMs).toEqual({ early: 10, late: 160 });
  });

  it('asks for all in one question, and nothing when none is awaited', async () => {
    const { clock, questions, follow } = setUp({ a: 0, b: 60 });
    follow('a');
    follow('b');
    await clock.advanceTo(10_000);
    expect(questions).toEqual([['a'], ['b'], ['b']]);
    follow('c');
    await clock.advanceTo(10_020);
    expect(questions.at(-1)).toEqual(['c']);
  });

  it('goes on after a question that failed, and reports it', async () => {
    const { clock, errors, seenAtMs, follow } = setUp({ a: 0 }, (nowMs) => nowMs < 100);
    follow('a');
    await clock.advanceTo(1_000);
    expect(errors).toHaveLength(2);
    expect(seenAtMs).toEqual({ a: 110 });
  });

  it('stops asking at abort', async () => {
    const { clock, questions, interrupt, follow } = setUp({});
    follow('never');
    await clock.advanceTo(120);
    interrupt.abort();
    await clock.advanceTo(10_000);
    expect(questions).toHaveLength(3);
  });
});
