import type {
  Answer,
  AnswerColumn,
  AnswerFact,
  AnswerRow,
  CellKind,
} from '../../../../engine/model/question/answer.js';
import type { Zone } from '../../../../engine/time/zone.js';
import type { Terminal } from '../../../_cli/terminal.js';
import { fitText, widthOf } from '../../../_cli/text-width.js';
import { cellText } from './cell-text.js';

const GAP = '  ';

const FACT_GAP = '   ';

/** Columns narrower than this say nothing. */
const TEXT_WIDTH_MIN = 6;

/** A text that is cut to this is told apart from most others. */
const TEXT_WIDTH_TOLD = 24;

/**
 * Facts, then a line for each row; figures stand right. Where the terminal is narrow texts give way, and where that is not enough
 * the columns of `hiddenColumns` are left out. A mark that no row bears is, too.
 */
export function answerTable(answer: Answer, terminal: Terminal, zone: Zone): string {
  const { paint, width } = terminal;
  const hidden = hiddenColumns(answer, terminal, zone);
  const columns = tellingColumns(answer).filter(({ name }) => !hidden.includes(name));
  const lines = factLines(answer.facts, terminal, zone);
  if (answer.rows.length === 0) return lines.map((line) => `${line}\n`).join('');
  const rows = answer.rows.map((row) =>
    columns.map(({ name, kind }) => cellText(kind, row[name], zone)),
  );
  const titles = columns.map(({ name }) => name);
  const widths = fitWidths(columns, [titles, ...rows], width);
  const draw = (cells: readonly string[]): string =>
    cells
      .map((cell, at) => fitText(cell, widths[at] ?? 1, sideOf(columns[at]?.kind)))
      .join(GAP)
      .trimEnd();
  if (lines.length > 0) lines.push('');
  lines.push(paint('bold', draw(titles)), ...rows.map(draw));
  return lines.map((line) => `${line}\n`).join('');
}

/** What is known, as many facts in a line as fit. */
function factLines(facts: readonly AnswerFact[], { paint, width }: Terminal, zone: Zone): string[] {
  const lines: string[] = [];
  let used = Infinity;
  for (const { name, kind, value } of facts.filter((fact) => fact.value !== null)) {
    const text = cellText(kind, value, zone);
    const fact = `${paint('dim', `${name}:`)} ${text}`;
    const factWidth = widthOf(`${name}: ${text}`);
    used += FACT_GAP.length + factWidth;
    if (used <= width) {
      lines.push(`${lines.pop() ?? ''}${FACT_GAP}${fact}`);
    } else {
      lines.push(fact);
      used = factWidth;
    }
  }
  return lines;
}

/** All but marks that no row bears. */
function tellingColumns({ columns, rows }: Answer): readonly AnswerColumn[] {
  return columns.filter(
    ({ name, isMark }) => isMark !== true || rows.some((row) => row[name] === true),
  );
}

/** Details for which the terminal is too narrow, the last one first to go. */
export function hiddenColumns(answer: Answer, { width }: Terminal, zone: Zone): string[] {
  const shown = tellingColumns(answer).map((column) => ({
    ...column,
    width: leastWidth(column, answer.rows, zone),
  }));
  const hidden: string[] = [];
  while (sumOf(shown.map((column) => column.width)) > width) {
    const at = shown.findLastIndex(({ isDetail }) => isDetail === true);
    const [left] = at === -1 ? [] : shown.splice(at, 1);
    if (left === undefined) break;
    hidden.unshift(left.name);
  }
  return hidden;
}

/** A detail is whole or left out; a text is cut to what can still be told apart before a detail has to go. */
function leastWidth(
  { name, kind, isDetail }: AnswerColumn,
  rows: readonly AnswerRow[],
  zone: Zone,
): number {
  const widest = rows.reduce(
    (most, row) => Math.max(most, widthOf(cellText(kind, row[name], zone))),
    widthOf(name),
  );
  return canGiveWay(kind) && isDetail !== true ? Math.min(widest, TEXT_WIDTH_TOLD) : widest;
}

function canGiveWay(kind: CellKind): boolean {
  return SHRINKING.includes(kind);
}

/** With the gaps between them. */
function sumOf(widths: readonly number[]): number {
  return widths.reduce((sum, each) => sum + each, GAP.length * (widths.length - 1));
}

const LEFT: readonly CellKind[] = ['text', 'time', 'truth', 'money', 'list'];

/** Those that give way where the terminal is narrow. */
const SHRINKING: readonly CellKind[] = ['text', 'money', 'list'];

function sideOf(kind: CellKind | undefined): 'left' | 'right' {
  return kind !== undefined && LEFT.includes(kind) ? 'left' : 'right';
}

/** As wide as the widest cell; where that is too much, the widest texts give way first. */
function fitWidths(
  columns: readonly AnswerColumn[],
  rows: readonly (readonly string[])[],
  width: number,
): number[] {
  const widths = columns.map((_, at) =>
    rows.reduce((most, cells) => Math.max(most, widthOf(cells[at] ?? '')), 1),
  );
  let over = sumOf(widths) - width;
  while (over > 0) {
    const widest = widestText(columns, widths);
    if (widest === -1) break;
    widths[widest] = (widths[widest] ?? 1) - 1;
    over -= 1;
  }
  return widths;
}

function widestText(columns: readonly AnswerColumn[], widths: readonly number[]): number {
  let widest = -1;
  for (const [at, { kind, isDetail }] of columns.entries()) {
    const canGive = canGiveWay(kind) && isDetail !== true && (widths[at] ?? 0) > TEXT_WIDTH_MIN;
    if (canGive && (widths[at] ?? 0) > (widths[widest] ?? 0)) widest = at;
  }
  return widest;
}
