import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TaskHeap, type Task } from './task-heap.js';

/** A task that writes its name and its time down. */
function noting(notes: string[], name: string): Task {
  return { run: (atUs) => notes.push(`${name}@${atUs}`) };
}

function runAll(heap: TaskHeap): void {
  while (heap.size > 0) {
    const atUs = heap.nextAtUs;
    heap.pop()?.run(atUs);
  }
}

describe('the heap of tasks', () => {
  it('has nothing to do at first', () => {
    const heap = new TaskHeap();
    expect([heap.size, heap.nextAtUs, heap.nowUs, heap.pop()]).toEqual([0, Infinity, 0, undefined]);
  });

  it('gives tasks in the order of their time, those of one time in the order in which they came', () => {
    const times = fc.array(fc.integer({ min: 0, max: 20 }), { maxLength: 200 });
    fc.assert(
      fc.property(times, (all) => {
        const heap = new TaskHeap();
        const notes: string[] = [];
        for (const [index, atUs] of all.entries()) heap.add(atUs, noting(notes, String(index)));
        runAll(heap);
        const expected = all
          .map((atUs, index) => ({ atUs, index }))
          .toSorted((one, other) => one.atUs - other.atUs || one.index - other.index);
        expect(notes).toEqual(expected.map(({ atUs, index }) => `${index}@${atUs}`));
      }),
    );
  });

  it('keeps that order when tasks come while others are taken out', () => {
    const steps = fc.array(fc.tuple(fc.nat({ max: 9 }), fc.nat({ max: 3 })), { maxLength: 60 });
    fc.assert(
      fc.property(steps, (all) => {
        const heap = new TaskHeap();
        const model: { atUs: number; index: number }[] = [];
        for (const [index, [delayUs, popCount]] of all.entries()) {
          const atUs = heap.nowUs + delayUs;
          heap.add(atUs, noting([], String(index)));
          model.push({ atUs, index });
          model.sort((one, other) => one.atUs - other.atUs || one.index - other.index);
          for (let count = 0; count < popCount; count += 1) {
            const expected = model.shift();
            expect(heap.nextAtUs).toBe(expected?.atUs ?? Infinity);
            heap.pop()?.run(0);
            if (expected) expect(heap.nowUs).toBe(expected.atUs);
          }
          expect(heap.size).toBe(model.length);
        }
      }),
    );
  });
});
