import type {
  Answer,
  AnswerColumn,
  AnswerRow,
  CellKind,
} from '../../../../engine/model/question/answer.js';
import { AtbdError } from '../../../../engine/model/error.js';
import { nearestName } from '../../../../engine/model/nearest-name.js';
import { quoteValue } from '../../../../engine/model/visible-text.js';
import type { Zone } from '../../../../engine/time/zone.js';
import type { Terminal } from '../../../_cli/terminal.js';
import { clipText, fitText, widthOf } from '../../../_cli/text-width.js';
import { cellText } from './cell-text.js';
import { drawBar, drawColumns, drawSparkline, fitToWidth } from './plot.js';

/** Lines of a plot over time. */
const PLOT_HEIGHT = 10;

/** More series than this are not told apart; the largest are shown. */
const SERIES_MAX = 20;

const LABEL_WIDTH_MAX = 40;

/** What a chart is drawn on. */
export interface ChartCanvas {
  readonly terminal: Terminal;
  readonly zone: Zone;
  /** The column to draw; undefined: the first figure. */
  readonly measure: string | undefined;
}

/** Over time one plot, or a sparkline for each series; else a bar for each row. */
export function answerChart(answer: Answer, canvas: ChartCanvas): string {
  const column = chosenColumn(answer.columns, canvas.measure);
  const lines =
    answer.intervalsNs.length === 0
      ? barLines(answer, column, canvas)
      : timeLines(answer, column, canvas);
  return lines.map((line) => `${line.trimEnd()}\n`).join('');
}

function chosenColumn(columns: readonly AnswerColumn[], name: string | undefined): AnswerColumn {
  const figures = columns.filter(({ kind }) => isFigure(kind));
  const found = name === undefined ? figures[0] : figures.find((each) => each.name === name);
  if (found !== undefined) return found;
  const names = figures.map((each) => each.name);
  const near = name === undefined ? undefined : nearestName(name, names);
  throw new AtbdError({
    code: 'USAGE_INVALID',
    message: `cannot draw ${quoteValue(name ?? '')}: it is no figure of this answer`,
    hint: `${near === undefined ? '' : `Did you mean ${near}? `}Figures are ${names.join(', ')}.`,
  });
}

/** Whether several intervals add up. */
function isAmount({ kind, isLevel = false }: AnswerColumn): boolean {
  return kind === 'count' && !isLevel;
}

const NO_FIGURES: readonly CellKind[] = ['time', 'text', 'money', 'truth', 'list'];

function isFigure(kind: CellKind): boolean {
  return !NO_FIGURES.includes(kind);
}

function labelOf(columns: readonly AnswerColumn[], row: AnswerRow): string {
  const parts = columns
    .filter(({ kind }) => kind === 'text')
    .map(({ name }) => row[name])
    .map((cell) => (typeof cell === 'string' && cell !== '' ? cell : '(none)'));
  return parts.join(' ');
}

function barLines(answer: Answer, column: AnswerColumn, canvas: ChartCanvas): string[] {
  const { terminal, zone } = canvas;
  const rows = answer.rows.map((row) => ({
    label: cellText('text', labelOf(answer.columns, row), zone),
    value: numberOf(row, column),
    text: cellText(column.kind, row[column.name], zone),
  }));
  const most = Math.max(...rows.map(({ value }) => value ?? 0), 0);
  const labelWidth = Math.min(
    LABEL_WIDTH_MAX,
    Math.max(...rows.map(({ label }) => widthOf(label)), 0),
  );
  const textWidth = Math.max(...rows.map(({ text }) => widthOf(text)), 0);
  const barWidth = Math.max(1, terminal.width - labelWidth - textWidth - 2);
  return rows.map(
    ({ label, value, text }) =>
      `${fitText(label, labelWidth)} ${fitText(text, textWidth, 'right')} ` +
      terminal.paint('cyan', drawBar(value ?? 0, most, barWidth)),
  );
}

interface Series {
  readonly label: string;
  readonly values: readonly (number | null)[];
}

function timeLines(answer: Answer, column: AnswerColumn, canvas: ChartCanvas): string[] {
  const series = seriesOf(answer, column, canvas.zone);
  const [only] = series;
  if (only !== undefined && series.length === 1 && only.label === '')
    return plotLines(only.values, { answer, column, canvas });
  return sparkLines(series, { answer, column, canvas });
}

function seriesOf(answer: Answer, column: AnswerColumn, zone: Zone): Series[] {
  const time = answer.columns.find(({ kind }) => kind === 'time')?.name ?? '';
  const indexes = new Map(answer.intervalsNs.map((ns, index) => [ns, index]));
  const missing = column.kind === 'count' ? 0 : null;
  const series = new Map<string, (number | null)[]>();
  for (const row of answer.rows) {
    const label = labelOf(answer.columns, row);
    const values = series.get(label) ?? answer.intervalsNs.map((): number | null => missing);
    const index = indexes.get(row[time] as bigint);
    if (index !== undefined) values[index] = numberOf(row, column);
    series.set(label, values);
  }
  return [...series]
    .map(([label, values]) => ({ label: cellText('text', label, zone), values }))
    .toSorted((a, b) => totalOf(b.values) - totalOf(a.values) || (a.label < b.label ? -1 : 1));
}

interface Drawing {
  readonly answer: Answer;
  readonly column: AnswerColumn;
  readonly canvas: ChartCanvas;
}

function plotLines(
  values: readonly (number | null)[],
  { answer, column, canvas }: Drawing,
): string[] {
  const { terminal, zone } = canvas;
  const most = Math.max(...values.map((value) => value ?? 0), 0);
  const top = cellText(column.kind, most, zone);
  const axisWidth = Math.max(widthOf(top), widthOf(column.name));
  const width = Math.max(1, terminal.width - axisWidth - 2);
  const fitted = fitToWidth(values, width, isAmount(column) ? 'sum' : 'max');
  const plot = drawColumns(fitted, { height: PLOT_HEIGHT, width });
  const labels = new Map([
    [0, cellText(column.kind, Math.max(...fitted.map((value) => value ?? 0), 0), zone)],
    [PLOT_HEIGHT - 1, '0'],
  ]);
  return [
    terminal.paint('bold', column.name),
    ...plot.map(
      (line, row) =>
        `${fitText(labels.get(row) ?? '', axisWidth, 'right')} ${row === PLOT_HEIGHT - 1 ? '┼' : '┤'}` +
        terminal.paint('cyan', line),
    ),
    ' '.repeat(axisWidth + 2) + timeAxis(answer, width, zone),
  ];
}

function sparkLines(series: readonly Series[], { answer, column, canvas }: Drawing): string[] {
  const { terminal, zone } = canvas;
  const shown = series.slice(0, SERIES_MAX);
  const most = (values: readonly (number | null)[]): string =>
    cellText(column.kind, Math.max(...values.map((value) => value ?? 0), 0), zone);
  const labelWidth = Math.min(
    LABEL_WIDTH_MAX,
    Math.max(...shown.map(({ label }) => widthOf(label)), widthOf(column.name)),
  );
  const mostWidth = Math.max(...shown.map(({ values }) => widthOf(most(values))), 'max'.length);
  const width = Math.max(1, terminal.width - labelWidth - mostWidth - 2);
  const lines = shown.map(({ label, values }) => {
    const fitted = fitToWidth(values, width, isAmount(column) ? 'sum' : 'max');
    const spark = terminal.paint('cyan', drawSparkline(fitted, width));
    return `${fitText(clipText(label, labelWidth), labelWidth)} ${fitText(most(values), mostWidth, 'right')} ${spark}`;
  });
  const head = `${fitText(column.name, labelWidth)} ${fitText('max', mostWidth, 'right')} `;
  const left = series.length - shown.length;
  return [
    terminal.paint('bold', head) + terminal.paint('dim', timeAxis(answer, width, zone)),
    ...lines,
    ...(left > 0 ? [`and ${left} smaller ones`] : []),
  ];
}

/** First and last interval at the ends of the plot. */
function timeAxis({ intervalsNs }: Answer, width: number, zone: Zone): string {
  const first = cellText('time', intervalsNs[0] ?? null, zone);
  const last = cellText('time', intervalsNs.at(-1) ?? null, zone);
  const used = Math.min(
    width,
    intervalsNs.length * Math.max(1, Math.floor(width / intervalsNs.length)),
  );
  const gap = used - widthOf(first) - widthOf(last);
  return gap < 1 ? `${first} – ${last}` : first + ' '.repeat(gap) + last;
}

function numberOf(row: AnswerRow, { name }: AnswerColumn): number | null {
  const cell = row[name];
  return cell === null || cell === undefined ? null : Number(cell);
}

function totalOf(values: readonly (number | null)[]): number {
  return values.reduce<number>((sum, value) => sum + (value ?? 0), 0);
}
