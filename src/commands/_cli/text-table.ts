import stringWidth from 'string-width';

/** Between two columns. */
const GAP = '  ';

/** Without a terminal nothing is cut: the reader is a file or a program. */
const UNLIMITED = Infinity;

/** A table without rules: columns as wide as their cells, lines cut to the terminal. Cells may be coloured. */
export function textTable(
  rows: readonly (readonly string[])[],
  columns: number | undefined,
): string {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, index) => {
      widths[index] = Math.max(widths[index] ?? 0, stringWidth(cell));
    });
  }
  const lines = rows.map((row) =>
    row
      .map((cell, index) => cell + ' '.repeat((widths[index] ?? 0) - stringWidth(cell)))
      .join(GAP)
      .trimEnd(),
  );
  return lines.map((line) => cutToWidth(line, columns ?? UNLIMITED)).join('\n');
}

/** Cuts a line to so many columns and shows that it did; colours are closed. */
export function cutToWidth(line: string, columns: number): string {
  if (stringWidth(line) <= columns) return line;
  let width = 0;
  let cut = '';
  for (const piece of line.match(PIECE) ?? []) {
    const isEscape = piece.startsWith('\u001b');
    const pieceWidth = isEscape ? 0 : stringWidth(piece);
    // Escapes after the cut still pass: they close what is open.
    if (!isEscape && width + pieceWidth > columns - 1) {
      width = columns;
      continue;
    }
    width += pieceWidth;
    cut += piece;
  }
  return `${cut}…`;
}

// eslint-disable-next-line no-control-regex -- colour sequences start with ESC
const PIECE = /\u001b\[[0-9;]*m|\P{M}\p{M}*/gu;
