import type { ActionSummary } from '../../../../engine/model/action-summary.js';
import { FAILED_STATUS_PATTERN } from '../../../../engine/model/failed-status.js';
import { formatDuration, formatLocal } from '../../../../engine/time/format.js';
import { sanitizeText } from '../../../_cli/sanitize.js';
import type { Style } from '../../../_cli/terminal.js';
import { fitText, widthOf } from '../../../_cli/text-width.js';
import type { TraceCanvas } from '../trace-picture.js';

/** A column of the list; `place` is how early it is left out where the terminal is narrow: the largest first. */
interface Column {
  readonly title: string;
  readonly place: number;
  readonly widthMax: number;
  readonly side: 'left' | 'right';
  text(action: ActionSummary, canvas: TraceCanvas): string;
  style(action: ActionSummary): Style;
}

/** From here on milliseconds take no room from anything else. */
const MILLISECONDS_FROM = 100;

/** `10:00:00` */
const SECONDS_WIDTH = 8;

const FAILED_STATUS = new RegExp(FAILED_STATUS_PATTERN, 'iu');

/** How an action ended is bad news in red, an error on the way to a good end in yellow. */
function outcomeStyle({ outcome, errorCount }: ActionSummary): Style {
  if (FAILED_STATUS.test(outcome)) return ['bold', 'red'];
  return errorCount > 0 ? 'yellow' : 'reset';
}

const COLUMNS: readonly Column[] = [
  {
    title: 'start',
    place: 1,
    widthMax: 23,
    side: 'left',
    text: ({ startNs }, { zone, width }) => {
      const { date, time } = formatLocal(startNs, zone);
      return `${date} ${width < MILLISECONDS_FROM ? time.slice(0, SECONDS_WIDTH) : time}`;
    },
    style: () => 'reset',
  },
  {
    title: 'took',
    place: 3,
    widthMax: 6,
    side: 'right',
    text: ({ durationNs }) => formatDuration(durationNs),
    style: () => 'reset',
  },
  {
    title: 'action',
    place: 4,
    widthMax: 16,
    side: 'left',
    text: ({ operation }) => operation,
    style: () => 'bold',
  },
  {
    title: 'outcome',
    place: 2,
    widthMax: 14,
    side: 'left',
    text: ({ outcome, errorCount, failureCount }) => {
      const problemCount = errorCount + failureCount;
      return `${outcome}${problemCount === 0 ? '' : ` ✖${problemCount}`}`;
    },
    style: outcomeStyle,
  },
  {
    title: 'op_id',
    place: 0,
    widthMax: 80,
    side: 'left',
    text: ({ opId }) => opId,
    style: () => 'cyan',
  },
  {
    title: 'order',
    place: 5,
    widthMax: 20,
    side: 'left',
    text: ({ orderId }) => orderId,
    style: () => 'reset',
  },
  {
    title: 'services',
    place: 6,
    widthMax: 60,
    side: 'left',
    text: ({ services }) => services.join(' '),
    style: () => 'dim',
  },
];

/** Between two columns. */
const SPACE = 2;

/** A column that says something needs no less. */
const SERVICES_MIN = 12;

/** Actions in a table, as they come; what has no room is left out, and the ID stays whole. */
export function* renderActions(
  actions: readonly ActionSummary[],
  canvas: TraceCanvas,
): Generator<string> {
  const { width, paint } = canvas;
  const cells = actions.map((action) =>
    COLUMNS.map((column) => sanitizeText(column.text(action, canvas))),
  );
  const widths = fitColumns(cells, width);
  const titles = COLUMNS.map(({ title }) => title);
  yield paint(
    'dim',
    joinCells(titles, widths, (_, text) => text),
  );
  for (const [index, action] of actions.entries()) {
    yield joinCells(cells[index] ?? [], widths, (column, text) =>
      paint(column.style(action), text),
    );
  }
}

/** Columns by their place among all; 0 where there is no room. */
function fitColumns(cells: readonly (readonly string[])[], width: number): number[] {
  const wanted = COLUMNS.map(({ title, widthMax }, index) => {
    const longest = cells.reduce((most, row) => Math.max(most, widthOf(row[index] ?? '')), 0);
    return longest === 0 ? 0 : Math.min(widthMax, Math.max(longest, title.length));
  });
  const widths = COLUMNS.map(() => 0);
  let left = width + SPACE;
  const byPlace = COLUMNS.map(({ place }, index) => ({ place, index }));
  byPlace.sort((a, b) => a.place - b.place);
  for (const { index, place } of byPlace) {
    const want = wanted[index] ?? 0;
    // The ID is cut only where nothing else would help, the services, a list, where some of it can be shown.
    const isElastic = place === 0 || (COLUMNS[index]?.title === 'services' && left >= SERVICES_MIN);
    const taken = want + SPACE <= left ? want : isElastic ? left - SPACE : 0;
    if (taken <= 0) continue;
    widths[index] = taken;
    left -= taken + SPACE;
  }
  return widths;
}

function joinCells(
  texts: readonly string[],
  widths: readonly number[],
  paintCell: (column: Column, text: string) => string,
): string {
  return COLUMNS.flatMap((column, index) => {
    const width = widths[index] ?? 0;
    return width === 0 ? [] : [paintCell(column, fitText(texts[index] ?? '', width, column.side))];
  })
    .join(' '.repeat(SPACE))
    .trimEnd();
}
