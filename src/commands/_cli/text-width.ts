import stringWidth from 'string-width';

const ELLIPSIS = '…';

/** No grapheme that shows is longer than this many UTF-16 units; what lies beyond a column's share is never measured. */
const UNITS_PER_COLUMN = 16;

const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

/** Terminal columns of a text without escape sequences; wide characters take two, combining ones none. */
export function widthOf(text: string): number {
  return PLAIN.test(text) ? text.length : stringWidth(text, { countAnsiEscapeCodes: true });
}

/** The text cut to at most `width` columns, with an ellipsis where something was cut. */
export function clipText(text: string, width: number): string {
  if (width <= 0) return '';
  const isLong = text.length > width * UNITS_PER_COLUMN;
  const head = isLong ? text.slice(0, width * UNITS_PER_COLUMN) : text;
  if (!isLong && widthOf(head) <= width) return head;
  return `${takeColumns(head, width - 1)}${ELLIPSIS}`;
}

/** The text cut or filled with spaces to exactly `width` columns. */
export function fitText(text: string, width: number, side: 'left' | 'right' = 'left'): string {
  const clipped = clipText(text, width);
  const fill = ' '.repeat(Math.max(0, width - widthOf(clipped)));
  return side === 'left' ? clipped + fill : fill + clipped;
}

/** As `fitText`, but it is the start that is cut: for paths, whose end says more. */
export function fitEnd(text: string, width: number): string {
  const tail = text.slice(-width * UNITS_PER_COLUMN);
  if (tail.length === text.length && widthOf(text) <= width) return fitText(text, width);
  const segments = Array.from(graphemes.segment(tail), ({ segment }) => segment).reverse();
  let columns = 0;
  const kept: string[] = [];
  for (const segment of segments) {
    columns += widthOf(segment);
    if (columns > width - 1) break;
    kept.push(segment);
  }
  return fitText(`${ELLIPSIS}${kept.reverse().join('')}`, width);
}

/** The text in lines of at most `width` columns, broken at spaces where there are some; the last is cut at `linesMax`. */
export function wrapText(text: string, width: number, linesMax: number): string[] {
  const lines: string[] = [];
  let rest = text;
  while (lines.length < linesMax - 1) {
    const head = takeColumns(rest.slice(0, width * UNITS_PER_COLUMN), width);
    if (head.length === rest.length || head === '') break;
    // A space just after the line is as good as one at its end; a break far to the left wastes the line.
    const space = rest[head.length] === ' ' ? head.length : head.lastIndexOf(' ');
    const end = space > head.length / 3 ? space : head.length;
    lines.push(rest.slice(0, end));
    rest = rest.slice(end).trimStart();
  }
  return [...lines, clipText(rest, width)];
}

/**
 * Most log text, and what we draw around it (… · ─ │ ├ └ ▏ █): every character takes one column and combines with
 * none, so nothing needs to be looked up.
 */
const PLAIN = /^[ -~\u{a1}-\u{a8}\u{aa}-\u{ac}\u{af}-\u{ff}\u{2026}\u{2500}-\u{259f}]*$/u;

function takeColumns(text: string, width: number): string {
  if (PLAIN.test(text)) return text.slice(0, Math.max(0, width));
  let columns = 0;
  let end = 0;
  for (const { segment, index } of graphemes.segment(text)) {
    columns += widthOf(segment);
    if (columns > width) break;
    end = index + segment.length;
  }
  return text.slice(0, end);
}
