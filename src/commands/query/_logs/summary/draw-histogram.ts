import type { Answer, AnswerRow } from '../../../../engine/model/question/answer.js';
import type { Zone } from '../../../../engine/time/zone.js';
import { HISTOGRAM_LEVELS } from '../../../../engine/model/question/histogram-levels.js';
import { levelTextStyle } from '../../../_cli/level-style.js';
import type { Terminal } from '../../../_cli/terminal.js';
import { fitText, widthOf } from '../../../_cli/text-width.js';
import { cellText } from '../../_question/render/cell-text.js';

const GAP = '  ';

/** A longer bar says no more. */
const BAR_WIDTH_MAX = 60;

/** Below this a bar says nothing. */
const BAR_WIDTH_MIN = 8;

/** What a bar is made of, severest first; told apart without colour, too. */
const PARTS = [
  { mark: '█', name: 'error', levels: ['fatal', 'error'] },
  { mark: '▓', name: 'warn', levels: ['warn'] },
  { mark: '░', name: 'rest', levels: ['info', 'debug', 'trace', 'other'] },
] as const;

/** A line for each interval: counts of the levels that there are, and a bar of errors, warnings and all else. */
export function drawHistogram(answer: Answer, terminal: Terminal, zone: Zone): string {
  const levels = HISTOGRAM_LEVELS.filter((level) => answer.rows.some((row) => countOf(row, level)));
  const titles = ['time', 'events', ...levels];
  const rows = answer.rows.map((row) => [
    cellText('time', row['time'], zone),
    ...['events', ...levels].map((name) => cellText('count', countOf(row, name), zone)),
  ]);
  const widths = titles.map((title, at) =>
    Math.max(widthOf(title), ...rows.map((cells) => widthOf(cells[at] ?? ''))),
  );
  const draw = (cells: readonly string[]): string =>
    cells.map((cell, at) => fitText(cell, widths[at] ?? 1, at === 0 ? 'left' : 'right')).join(GAP);
  const used = widths.reduce((sum, width) => sum + width + GAP.length, 0);
  const barWidth = Math.min(BAR_WIDTH_MAX, terminal.width - used);
  const most = Math.max(1, ...answer.rows.map((row) => countOf(row, 'events')));
  const lines = rows.map((cells, index) => {
    if (barWidth < BAR_WIDTH_MIN) return draw(cells);
    const row = answer.rows[index] ?? {};
    return `${draw(cells)}${GAP}${drawBar(row, { most, width: barWidth, terminal })}`.trimEnd();
  });
  const legend = barWidth < BAR_WIDTH_MIN ? '' : drawLegend(answer, terminal);
  return [`${terminal.paint('bold', draw(titles))}${GAP}${legend}`.trimEnd(), ...lines]
    .map((line) => `${line}\n`)
    .join('');
}

/** What the marks stand for, where there is more than one. */
function drawLegend({ rows }: Answer, terminal: Terminal): string {
  const parts = PARTS.filter(({ levels }) =>
    rows.some((row) => levels.some((level) => countOf(row, level) > 0)),
  );
  if (parts.length < 2) return '';
  return parts
    .map(({ mark, name }) => `${terminal.paint(levelTextStyle(name), mark)} ${name}`)
    .join(' ');
}

interface BarCanvas {
  /** The count of a whole bar. */
  readonly most: number;
  readonly width: number;
  readonly terminal: Terminal;
}

/** Its length is the count's; a part that there is has one mark at least, as far as the bar is long. */
function drawBar(row: AnswerRow, { most, width, terminal }: BarCanvas): string {
  const events = countOf(row, 'events');
  if (events === 0) return '';
  let left = Math.max(1, Math.round((width * events) / most));
  let open = events;
  let bar = '';
  for (const { mark, name, levels } of PARTS) {
    const count = levels.reduce((sum, level) => sum + countOf(row, level), 0);
    if (count === 0 || left === 0) continue;
    const size = count === open ? left : Math.max(1, Math.floor((left * count) / open));
    bar += terminal.paint(levelTextStyle(name), mark.repeat(size));
    left -= size;
    open -= count;
  }
  return bar;
}

function countOf(row: AnswerRow, name: string): number {
  return Number(row[name] ?? 0);
}
