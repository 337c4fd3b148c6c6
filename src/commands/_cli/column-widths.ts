import { fitText, widthOf } from './text-width.js';

/** Between two columns. */
const SPACE = 2;

export type Side = 'left' | 'right';

/** Each column gets what it wants while there is room; the wide ones share what the narrow ones leave. */
export function shareWidth(rows: readonly (readonly string[])[], width: number): number[] {
  const count = rows[0]?.length ?? 0;
  const wanted = Array.from({ length: count }, (_, column) =>
    rows.reduce((most, cells) => Math.max(most, widthOf(cells[column] ?? '')), 1),
  );
  let left = width - SPACE * (count - 1);
  const widths = new Array<number>(count).fill(1);
  const byWish = [...wanted.keys()].sort((a, b) => (wanted[a] ?? 0) - (wanted[b] ?? 0));
  for (const [index, column] of byWish.entries()) {
    const share = Math.floor(left / (count - index));
    const taken = Math.max(1, Math.min(wanted[column] ?? 1, share));
    widths[column] = taken;
    left -= taken;
  }
  return widths;
}

/** One line of a table; cells stand left where no side is given. What stands right is a figure, and never cut: half of one is wrong. */
export function joinCells(
  cells: readonly string[],
  widths: readonly number[],
  sides: readonly Side[] = [],
): string {
  return cells
    .map((cell, column) => {
      const width = widths[column] ?? 1;
      return sides[column] === 'right' ? cell.padStart(width) : fitText(cell, width);
    })
    .join(' '.repeat(SPACE))
    .trimEnd();
}
