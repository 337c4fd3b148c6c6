import { nameOfPlace, type LetterSummary } from '../../../engine/model/dead-letter.js';
import { fitText, clipText, widthOf } from '../../_cli/text-width.js';
import { sanitizeText } from '../../_cli/sanitize.js';
import { byteText, timeText, visibleBytes } from './letter-text.js';
import { WIDE_FROM, type Canvas } from './render-groups.js';

/** Longest that a place, a reason or a producer is shown in a list. */
const CELL_WIDTH_MAX = 32;

/** One line a letter: when, where, why, how large, whose, and its bytes in the rest of the width. */
export function renderLetters(
  letters: readonly LetterSummary[],
  { terminal, zone }: Canvas,
): string {
  const { paint, width } = terminal;
  const isWide = width >= WIDE_FROM;
  const shown = letters.map((letter) => ({
    letter,
    cells: [
      timeText(letter.timeMs, zone, { isWide }),
      sanitizeText(nameOfPlace(letter)),
      sanitizeText(letter.reason),
      byteText(letter.size),
      ...(isWide ? [sanitizeText(letter.producer) || '-'] : []),
    ],
  }));
  const widths = shown.reduce<number[]>(
    (most, { cells }) =>
      cells.map((cell, at) => Math.min(CELL_WIDTH_MAX, Math.max(most[at] ?? 1, widthOf(cell)))),
    [],
  );
  return shown
    .map(({ letter, cells }) => {
      const [time = '', place = '', reason = '', size = '', producer] = cells.map((cell, at) =>
        fitText(cell, widths[at] ?? 1, at === SIZE_COLUMN ? 'right' : 'left'),
      );
      const head = [
        paint('dim', time),
        paint('cyan', place),
        paint(letter.state === 'replayed' ? 'green' : 'magenta', reason),
        size,
        ...(producer === undefined ? [] : [producer]),
      ];
      const used = widths.reduce((sum, each) => sum + each + 1, 0);
      const mark = letter.state === 'replayed' ? '(replayed) ' : '';
      const text = clipText(`${mark}${visibleBytes(letter.sample)}`, Math.max(1, width - used));
      return `${head.join(' ')} ${text}`.trimEnd();
    })
    .map((line) => `${line}\n`)
    .join('');
}

const SIZE_COLUMN = 3;
