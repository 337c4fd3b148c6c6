import { describe, expect, it } from 'vitest';
import { PendingLines, RING_MS } from './pending-lines.js';

function drained(lines: PendingLines, untilMs: number): string[] {
  const taken: string[] = [];
  lines.drain(untilMs, (sendMs, key, value) => taken.push(`${sendMs} ${key} ${value.toString()}`));
  return taken;
}

describe('lines that wait to be sent', () => {
  it('are handed over by time, those of one millisecond in the order in which they came', () => {
    const lines = new PendingLines();
    for (const [sendMs, value] of [
      [7, 'a'],
      [3, 'b'],
      [7, 'c'],
      [3, 'd'],
      [0, 'e'],
    ] as const) {
      lines.add(sendMs, 'k', value);
    }
    expect(drained(lines, 7)).toEqual(['0 k e', '3 k b', '3 k d']);
    expect([lines.count, lines.nextMs]).toEqual([2, 7]);
    lines.add(7, 'k', 'f');
    expect(drained(lines, 8)).toEqual(['7 k a', '7 k c', '7 k f']);
    expect(lines.count).toBe(0);
  });

  it('may wait for as long as the ring is, and go round it again and again', () => {
    const lines = new PendingLines();
    for (let round = 0; round < 3; round += 1) {
      const startMs = round * RING_MS;
      lines.add(startMs + RING_MS - 1, 'k', `late ${round}`);
      lines.add(startMs, 'k', `soon ${round}`);
      expect(drained(lines, startMs + RING_MS)).toEqual([
        `${startMs} k soon ${round}`,
        `${startMs + RING_MS - 1} k late ${round}`,
      ]);
    }
  });

  it.each([
    ['before what is handed over', 9, 'BUG: a line at 9 ms, while 10 ms is next'],
    ['a whole ring ahead', RING_MS + 10, `BUG: a line at ${RING_MS + 10} ms, while 10 ms is next`],
  ])('are refused %s', (_title, sendMs, message) => {
    const lines = new PendingLines();
    expect(drained(lines, 10)).toEqual([]);
    expect(() => {
      lines.add(sendMs, 'k', 'v');
    }).toThrow(new Error(message));
  });
});
