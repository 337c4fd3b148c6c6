import { describe, expect, it } from 'vitest';
import { drawBar, drawMark } from './timeline.js';

describe('a bar', () => {
  it.each([
    [0, 1, '━━━━━━━━━━'],
    [0, 0.5, '━━━━━     '],
    [0.5, 1, '     ━━━━━'],
    [0.25, 0.45, '  ╺━╸     '],
    [0, 0, '╸         '],
    [0.05, 0.05, '╺         '],
    [1, 1, '         ╺'],
    [0.98, 2, '         ╺'],
  ])('from %d to %d is %j', (start, end, expected) => {
    expect(drawBar({ start, end }, 10).join('')).toBe(expected);
  });
});

describe('a mark', () => {
  it.each([
    [0, '•    '],
    [0.5, '  •  '],
    [1, '    •'],
  ])('at %d is %j', (at, expected) => {
    expect(drawMark(at, '•', 5).join('')).toBe(expected);
  });
});
