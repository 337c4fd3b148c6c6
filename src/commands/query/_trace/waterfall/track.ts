import type { Paint, Style } from '../../../_cli/terminal.js';

/** A part of the action, as shares of its duration from 0 to 1. */
export interface Stretch {
  readonly start: number;
  readonly end: number;
}

/** A bar on a track: how heavy it is drawn, so that it can be told from others without colour, and its colour. */
export interface Bar extends Stretch {
  readonly weight: 'dotted' | 'light' | 'heavy';
  readonly style: Style;
}

/** By the weights of a column's left and right half. */
const SHAPES: Readonly<Record<string, string>> = {
  'light none': '╴',
  'none light': '╶',
  'light light': '─',
  'heavy none': '╸',
  'none heavy': '╺',
  'heavy heavy': '━',
  'heavy light': '╾',
  'light heavy': '╼',
  'dotted dotted': '┄',
  'dotted none': '┄',
  'none dotted': '┄',
  // A dotted half beside another gives way.
  'dotted light': '╶',
  'light dotted': '╴',
  'dotted heavy': '╺',
  'heavy dotted': '╸',
};

/** The time of the action as a line of `width` columns, with bars to half a column; even the shortest shows, later ones cover. */
export function drawTrack(bars: readonly Bar[], width: number, paint: Paint): string {
  const halves = new Array<Bar | undefined>(2 * width).fill(undefined);
  for (const bar of bars) {
    const [first, last] = halvesOf(bar, width);
    halves.fill(bar, first, last);
  }
  let line = '';
  let run = '';
  let runStyle: Style | undefined;
  const flush = (): void => {
    line += runStyle === undefined ? run : paint(runStyle, run);
    run = '';
  };
  for (let column = 0; column < width; column += 1) {
    const [left, right] = [halves[2 * column], halves[2 * column + 1]];
    const style = heavierOf(left, right)?.style;
    if (style !== runStyle) flush();
    runStyle = style;
    run += SHAPES[`${left?.weight ?? 'none'} ${right?.weight ?? 'none'}`] ?? ' ';
  }
  flush();
  return line;
}

/** First half column of a stretch, and the one after its last. */
function halvesOf({ start, end }: Stretch, width: number): readonly [number, number] {
  const count = 2 * width;
  const first = Math.max(0, Math.min(Math.floor(start * count), count - 1));
  return [first, Math.min(Math.max(Math.ceil(end * count), first + 1), count)];
}

const WEIGHTS = ['dotted', 'light', 'heavy'];

function heavierOf(a: Bar | undefined, b: Bar | undefined): Bar | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return WEIGHTS.indexOf(b.weight) > WEIGHTS.indexOf(a.weight) ? b : a;
}

/** The parts of bars that are to be drawn heavy: half columns in which the stretches cover at least half of what the bars cover. */
export function heavyParts(
  bars: readonly Stretch[],
  stretches: readonly Stretch[],
  width: number,
): Stretch[] {
  const byBars = coverHalves(bars, width);
  const half = 1 / (2 * width);
  return (
    [...coverHalves(stretches, width)]
      .filter(([index, share]) => share > 0 && share >= ((byBars.get(index) ?? 0) / 2) * ROUNDING)
      // A little inside, so that rounding cannot reach into the neighbours.
      .map(([index]) => ({ start: (index + 0.25) * half, end: (index + 0.75) * half }))
  );
}

/** Sums of shares are not exact. */
const ROUNDING = 0.999;

/** By half column, how much of the action's time in it the stretches cover. */
function coverHalves(stretches: readonly Stretch[], width: number): Map<number, number> {
  const half = 1 / (2 * width);
  const covered = new Map<number, number>();
  for (const { start, end } of stretches) {
    const [first, last] = halvesOf({ start, end }, width);
    for (let index = first; index < last; index += 1) {
      const within = Math.min(end, (index + 1) * half) - Math.max(start, index * half);
      covered.set(index, (covered.get(index) ?? 0) + Math.max(0, within));
    }
  }
  return covered;
}

/** One mark at its place in `width` columns; before it, itself and after it, so that only the mark is coloured. */
export function drawMark(
  at: number,
  mark: string,
  width: number,
): readonly [string, string, string] {
  const column = Math.min(Math.floor(at * width), width - 1);
  return [' '.repeat(column), mark, ' '.repeat(width - column - 1)];
}
