/** A stretch of the action, as shares of its duration from 0 to 1. */
export interface Stretch {
  readonly start: number;
  readonly end: number;
}

const FULL = '━';
const LEFT_HALF = '╸';
const RIGHT_HALF = '╺';

/**
 * A bar over the part of `width` columns that the stretch takes, to half a column; the shortest
 * still shows. In three parts, so that only the bar is coloured.
 */
export function drawBar({ start, end }: Stretch, width: number): readonly [string, string, string] {
  const halves = width * 2;
  const first = Math.min(Math.floor(start * halves), halves - 1);
  const last = Math.min(Math.max(Math.ceil(end * halves), first + 1), halves);
  let bar = '';
  for (let column = Math.floor(first / 2); column < Math.ceil(last / 2); column += 1) {
    const hasLeft = first <= column * 2;
    const hasRight = last >= column * 2 + 2;
    bar += hasLeft && hasRight ? FULL : hasLeft ? LEFT_HALF : RIGHT_HALF;
  }
  const before = ' '.repeat(Math.floor(first / 2));
  return [before, bar, ' '.repeat(width - before.length - bar.length)];
}

/** One mark at its place in `width` columns. */
export function drawMark(
  at: number,
  mark: string,
  width: number,
): readonly [string, string, string] {
  const column = Math.min(Math.floor(at * width), width - 1);
  return [' '.repeat(column), mark, ' '.repeat(width - column - 1)];
}
