import { describe, expect, it } from 'vitest';
import { plainPaint } from '../../../_cli/terminal.js';
import { drawMark, drawTrack, heavyParts, type Bar, type Stretch } from './track.js';

function bar(start: number, end: number, weight: Bar['weight'] = 'heavy'): Bar {
  return { start, end, weight, style: weight === 'heavy' ? 'red' : 'dim' };
}

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
    [-1, 0.1, '━         '],
  ])('from %d to %d is %j', (start, end, expected) => {
    expect(drawTrack([bar(start, end)], 10, plainPaint)).toBe(expected);
  });

  it.each<[string, Bar[]]>([
    ['──━━──────', [bar(0, 1, 'light'), bar(0.2, 0.4)]],
    ['─╼━╾──────', [bar(0, 1, 'light'), bar(0.15, 0.35)]],
    ['━━┄┄┄━━╸┄╺', [bar(0, 1, 'dotted'), bar(0, 0.2), bar(0.5, 0.75), bar(0.95, 1)]],
    ['┄┄┄┄┄┄┄┄┄┄', [bar(0.05, 0.95, 'dotted')]],
    ['──╴───────', [bar(0, 0.25, 'light'), bar(0.25, 0.3, 'dotted'), bar(0.3, 1, 'light')]],
    ['━━━━━━━━━━', [bar(0, 1), bar(0.05, 0.05)]],
  ])('over another is %j', (expected, bars) => {
    expect(drawTrack(bars, 10, plainPaint)).toBe(expected);
  });

  it('has its own colour in each of its parts', () => {
    const bars = [bar(0, 1, 'light'), bar(0.5, 0.75)];
    const painted = drawTrack(bars, 4, (style, text) => `<${String(style)} ${text}>`);
    expect(painted).toBe('<dim ──><red ━><dim ─>');
  });
});

describe('the heavy parts of a bar', () => {
  it.each<[string, Stretch, Stretch[], string]>([
    ['all of it', { start: 0.13, end: 0.87 }, [{ start: 0.13, end: 0.87 }], ' ━━━━━━━━ '],
    [
      'halves of columns that are covered to half',
      { start: 0, end: 1 },
      [{ start: 0, end: 0.275 }],
      '━━━───────',
    ],
    ['not what is covered to less', { start: 0, end: 1 }, [{ start: 0, end: 0.27 }], '━━╾───────'],
    [
      'small parts together',
      { start: 0, end: 1 },
      [0, 0.01, 0.02, 0.03].map((start) => ({ start, end: start + 0.008 })),
      '╾─────────',
    ],
    [
      'a bar too short to see',
      { start: 0.5, end: 0.501 },
      [{ start: 0.5, end: 0.5006 }],
      '     ╸    ',
    ],
    ['nothing', { start: 0, end: 1 }, [], '──────────'],
  ])('are %s', (_, whole, stretches, expected) => {
    const heavy = heavyParts([whole], stretches, 10);
    const bars = [
      bar(whole.start, whole.end, 'light'),
      ...heavy.map(({ start, end }) => bar(start, end)),
    ];
    expect(drawTrack(bars, 10, plainPaint)).toBe(expected);
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
