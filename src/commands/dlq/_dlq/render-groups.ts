import { nameOfPlace } from '../../../engine/model/dead-letter.js';
import type { Zone } from '../../../engine/time/zone.js';
import type { LetterGroup } from '../../../store/dead-letter/letter-groups.js';
import { joinCells, type Side } from '../../_cli/column-widths.js';
import { sanitizeText } from '../../_cli/sanitize.js';
import type { Terminal } from '../../_cli/terminal.js';
import { clipText, widthOf } from '../../_cli/text-width.js';
import { byteText, timeText, visibleBytes } from './letter-text.js';

export interface Canvas {
  readonly terminal: Terminal;
  readonly zone: Zone;
}

/** From here on there is room for whole dates. */
export const WIDE_FROM = 100;

const REPLAYED = 'REPLAYED';
const HEAD = ['REASON', 'TOPIC', 'WAITING', REPLAYED, 'SIZE', 'FIRST', 'LAST'];
const SIDES: readonly Side[] = ['left', 'left', 'right', 'right', 'right', 'left', 'left'];

/** A name longer than this is cut: the figures beside it must stand in one line of 80 columns. */
const TOPIC_WIDTH_MAX = 20;
const TOPIC_WIDTH_MIN = 8;

/** Reason by reason: a line of figures, and below it where the newest letter is and how it begins. */
export function renderGroups(groups: readonly LetterGroup[], canvas: Canvas): string {
  const { terminal } = canvas;
  const isAnyReplayed = groups.some(({ replayed }) => replayed > 0);
  const isShown = (_: unknown, column: number): boolean =>
    HEAD[column] !== REPLAYED || isAnyReplayed;
  const head = HEAD.filter(isShown);
  const sides = SIDES.filter(isShown);
  const rows = groups.map((group) => ({ group, cells: cellsOf(group, canvas).filter(isShown) }));
  const widths = widthsOf([head, ...rows.map(({ cells }) => cells)], terminal.width);
  const lines = rows.map(({ group, cells }) => {
    const style = group.waiting === 0 ? 'dim' : 'reset';
    const figures = terminal.paint(style, joinCells(cells, widths, sides));
    return `${figures}\n${sampleLine(group, terminal)}\n`;
  });
  return `${terminal.paint('bold', joinCells(head, widths, sides))}\n${lines.join('')}`;
}

function cellsOf(group: LetterGroup, { terminal, zone }: Canvas): string[] {
  const isWide = terminal.width >= WIDE_FROM;
  return [
    sanitizeText(group.reason),
    sanitizeText(group.topic),
    group.waiting.toLocaleString('en'),
    group.replayed.toLocaleString('en'),
    byteText(group.bytes),
    timeText(group.firstMs, zone, { isWide }),
    timeText(group.lastMs, zone, { isWide }),
  ];
}

/** What every cell wants, but for the topic, which gives way. */
function widthsOf(rows: readonly (readonly string[])[], width: number): number[] {
  const widths = (rows[0] ?? []).map((_, column) =>
    rows.reduce((most, cells) => Math.max(most, widthOf(cells[column] ?? '')), 1),
  );
  const others = widths.reduce((sum, each, column) => sum + (column === 1 ? 0 : each + 2), 0);
  const room = Math.max(
    TOPIC_WIDTH_MIN,
    Math.min(width - others, Math.max(TOPIC_WIDTH_MAX, width / 4)),
  );
  widths[1] = Math.min(widths[1] ?? 1, Math.floor(room));
  return widths;
}

function sampleLine({ topic, newest }: LetterGroup, { paint, width }: Terminal): string {
  const place = sanitizeText(nameOfPlace({ topic, ...newest }));
  const text = newest.sample.length === 0 ? '(no bytes)' : visibleBytes(newest.sample);
  const room = width - widthOf(place) - 4;
  return `  ${paint('cyan', place)}  ${paint('dim', clipText(text, Math.max(10, room)))}`;
}
