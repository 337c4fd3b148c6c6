import type { Answer, AnswerColumn, CellKind } from '../../../../engine/model/question/answer.js';
import type { Zone } from '../../../../engine/time/zone.js';
import type { Terminal } from '../../../_cli/terminal.js';
import { fitText, widthOf } from '../../../_cli/text-width.js';
import { cellText } from './cell-text.js';

const GAP = '  ';

/** Columns narrower than this say nothing. */
const TEXT_WIDTH_MIN = 6;

/** Facts, then a line for each row; figures stand right, and texts give way where the terminal is narrow. */
export function answerTable(answer: Answer, terminal: Terminal, zone: Zone): string {
  const { paint, width } = terminal;
  const lines = answer.facts.map(
    ({ name, kind, value }) => `${paint('dim', `${name}:`)} ${cellText(kind, value, zone)}`,
  );
  if (answer.rows.length === 0) return lines.map((line) => `${line}\n`).join('');
  const rows = answer.rows.map((row) =>
    answer.columns.map(({ name, kind }) => cellText(kind, row[name], zone)),
  );
  const titles = answer.columns.map(({ name }) => name);
  const widths = fitWidths(answer.columns, [titles, ...rows], width);
  const draw = (cells: readonly string[]): string =>
    cells
      .map((cell, at) => fitText(cell, widths[at] ?? 1, sideOf(answer.columns[at]?.kind)))
      .join(GAP)
      .trimEnd();
  if (lines.length > 0) lines.push('');
  lines.push(paint('bold', draw(titles)), ...rows.map(draw));
  return lines.map((line) => `${line}\n`).join('');
}

function sideOf(kind: CellKind | undefined): 'left' | 'right' {
  return kind === 'text' || kind === 'time' || kind === 'truth' || kind === 'money'
    ? 'left'
    : 'right';
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
  let over = widths.reduce((sum, each) => sum + each, GAP.length * (widths.length - 1)) - width;
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
  for (const [at, { kind }] of columns.entries()) {
    const canGive = (kind === 'text' || kind === 'money') && (widths[at] ?? 0) > TEXT_WIDTH_MIN;
    if (canGive && (widths[at] ?? 0) > (widths[widest] ?? 0)) widest = at;
  }
  return widest;
}
