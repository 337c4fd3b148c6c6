/** Eighths of a cell, upwards. */
const UP = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/** Eighths of a cell, to the right. */
const RIGHT = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉', '█'];

const EIGHTHS = 8;

export type Values = readonly (number | null)[];

/** A bar of `value` where `most` fills the width; what is not zero shows. */
export function drawBar(value: number, most: number, width: number): string {
  if (most <= 0 || value <= 0) return '';
  const eighths = Math.max(1, Math.round((value / most) * width * EIGHTHS));
  return '█'.repeat(Math.floor(eighths / EIGHTHS)) + (RIGHT[eighths % EIGHTHS] ?? '');
}

/** One line, from nothing (a blank) to the largest; each value is as many characters wide as fit. */
export function drawSparkline(values: Values, width: number): string {
  return drawColumns(values, { height: 1, width }).join('');
}

/** Columns of `height` lines, the top one first; each value is as many characters wide as fit. */
export function drawColumns(
  values: Values,
  { height, width }: { readonly height: number; readonly width: number },
): string[] {
  const most = largest(values);
  const each = Math.max(1, Math.floor(width / Math.max(1, values.length)));
  return Array.from({ length: height }, (_, row) => {
    const below = (height - 1 - row) * EIGHTHS;
    return values
      .map((value) => {
        const level = value === null ? 0 : levelOf(value, most, height * EIGHTHS) - below;
        return (UP[Math.max(0, Math.min(EIGHTHS, level))] ?? ' ').repeat(each);
      })
      .join('');
  });
}

/** At most `width` values: neighbours become one, their sum or their largest. */
export function fitToWidth(values: Values, width: number, how: 'sum' | 'max'): (number | null)[] {
  if (values.length <= width) return [...values];
  const each = Math.ceil(values.length / width);
  return Array.from({ length: Math.ceil(values.length / each) }, (_, index) => {
    const known = values
      .slice(index * each, (index + 1) * each)
      .filter((value): value is number => value !== null);
    if (known.length === 0) return null;
    return how === 'sum' ? known.reduce((sum, value) => sum + value, 0) : Math.max(...known);
  });
}

function largest(values: Values): number {
  return values.reduce<number>((most, value) => Math.max(most, value ?? 0), 0);
}

/** What is not zero is seen. */
function levelOf(value: number, most: number, levels: number): number {
  if (most <= 0 || value <= 0) return 0;
  return Math.max(1, Math.round((value / most) * levels));
}
