import type {
  PlaceFigures,
  RepeatedProblem,
  Surroundings,
} from '../../../../engine/model/surroundings.js';
import { formatLocal } from '../../../../engine/time/format.js';
import { describeEvent, describeSource, foldLines } from '../../../_cli/describe-event.js';
import { levelTextStyle } from '../../../_cli/level-style.js';
import { sanitizeText } from '../../../_cli/sanitize.js';
import type { Style } from '../../../_cli/terminal.js';
import { clipText, fitEnd, fitText, widthOf } from '../../../_cli/text-width.js';
import { LABEL_WIDTH, plural } from '../header/header-part.js';
import type { TraceCanvas } from '../trace-picture.js';

/** `10:00:00` */
const CLOCK_WIDTH = 8;

/** What else happened: how much in each container, the errors first, and what was changed meanwhile. */
export function* renderAround(around: Surroundings, canvas: TraceCanvas): Generator<string> {
  const { paint, width } = canvas;
  yield '';
  const range = `${clock(around.fromNs, canvas)} to ${clock(around.toNs, canvas)}, what else happened in these services`;
  yield paint('dim', fitText('around', LABEL_WIDTH)) + clipText(range, width - LABEL_WIDTH);
  if (around.places.length === 0) {
    yield ' '.repeat(LABEL_WIDTH) + paint('dim', 'nothing');
  } else {
    yield '';
    yield* renderPlaces(around.places, canvas);
  }
  if (around.problems.length > 0) yield '';
  const timesWidth = Math.max(...around.problems.map((problem) => timesText(problem).length));
  for (const problem of around.problems) yield* renderProblem(problem, timesWidth, canvas);
  if (around.changes.length > 0) yield '';
  for (const { tsNs, event } of around.changes) {
    const text = `${clock(tsNs, canvas)}  ${event.service ?? event.provider ?? ''}  ${describeEvent(event)}`;
    yield paint(['bold', 'yellow'], clipText(sanitizeText(text), width));
  }
}

function clock(ns: bigint, { zone }: TraceCanvas): string {
  return formatLocal(ns, zone).time.slice(0, CLOCK_WIDTH);
}

/** A column of figures. Zeros are left blank, so that what happened stands out. */
interface Column {
  readonly title: string;
  readonly style: Style;
  count(figures: PlaceFigures): number;
}

const COLUMNS: readonly Column[] = [
  { title: 'events', style: 'reset', count: ({ eventCount }) => eventCount },
  { title: 'errors', style: ['bold', 'red'], count: ({ errorCount }) => errorCount },
  { title: 'failures', style: 'red', count: ({ failureCount }) => failureCount },
  { title: 'warnings', style: 'yellow', count: ({ warnCount }) => warnCount },
  { title: 'info', style: 'reset', count: ({ infoCount }) => infoCount },
  { title: 'debug', style: 'dim', count: ({ debugCount }) => debugCount },
];

const SERVICE_WIDTH_MAX = 24;
const SPACE = 2;

function* renderPlaces(
  places: readonly PlaceFigures[],
  { paint, width }: TraceCanvas,
): Generator<string> {
  const service = columnWidth(
    places.map(({ service: name }) => name),
    'service',
    SERVICE_WIDTH_MAX,
  );
  const cells = places.map((figures) => COLUMNS.map((column) => countText(column.count(figures))));
  const widths = COLUMNS.map(({ title }, index) =>
    Math.max(title.length, ...cells.map((row) => row[index]?.length ?? 0)),
  );
  const names = places.map(placeName);
  const shown = fittingColumns(widths, width - service - SPACE - PLACE_MIN);
  const taken = shown.reduce((sum, index) => sum + (widths[index] ?? 0) + SPACE, 0);
  const room = Math.max(PLACE_MIN, width - service - SPACE - taken);
  const place = columnWidth(names, 'container', room);
  const line = (first: string, second: string, figures: readonly string[]): string =>
    [fitText(first, service), fitEnd(second, place), ...figures].join(' '.repeat(SPACE)).trimEnd();
  yield paint(
    'dim',
    line(
      'service',
      'container',
      shown.map((index) => title(index, widths)),
    ),
  );
  for (const [row, figures] of places.entries()) {
    const isSame = row > 0 && places[row - 1]?.service === figures.service;
    yield line(
      isSame ? '' : sanitizeText(figures.service),
      names[row] ?? '',
      shown.map((index) => {
        const text = fitText(cells[row]?.[index] ?? '', widths[index] ?? 0, 'right');
        return paint(COLUMNS[index]?.style ?? 'reset', text);
      }),
    );
  }
}

function title(index: number, widths: readonly number[]): string {
  return fitText(COLUMNS[index]?.title ?? '', widths[index] ?? 0, 'right');
}

/** A container's name needs no less. */
const PLACE_MIN = 12;

/** The first columns, as many as have room. */
function fittingColumns(widths: readonly number[], width: number): number[] {
  let left = width;
  return [...widths.keys()].filter((index) => {
    left -= (widths[index] ?? 0) + SPACE;
    return left >= 0;
  });
}

function columnWidth(texts: readonly string[], name: string, max: number): number {
  return Math.min(max, Math.max(name.length, ...texts.map((text) => widthOf(sanitizeText(text)))));
}

function placeName({ place, placeCount }: PlaceFigures): string {
  return sanitizeText(place === '' ? plural(placeCount, 'other') : place);
}

function countText(count: number): string {
  return count === 0 ? '' : count.toLocaleString('en');
}

/** `12× payment  cannot reach acme  provider/call.ts:104`, then when, and for how many. */
function* renderProblem(
  problem: RepeatedProblem,
  timesWidth: number,
  canvas: TraceCanvas,
): Generator<string> {
  const { paint, width } = canvas;
  const { service, level, message, count, ownCount, actionCount, firstNs, lastNs } = problem;
  const times = `${timesText(problem).padStart(timesWidth)} `;
  const source = describeSource({
    file: problem.file,
    ...(problem.line === null ? {} : { line: problem.line }),
  });
  const text = `${sanitizeText(service)}  ${foldLines(message)}${source === '' ? '' : `  (${source})`}`;
  const style = levelTextStyle(level);
  yield paint(style, clipText(times + text, width));
  const span =
    count === 1 ? clock(firstNs, canvas) : `${clock(firstNs, canvas)} to ${clock(lastNs, canvas)}`;
  const where =
    ownCount === count ? 'all' : ownCount === 0 ? 'none' : ownCount.toLocaleString('en');
  const facts = [span, plural(actionCount, 'action'), `${where} in the containers of this one`];
  yield paint('dim', clipText(`${' '.repeat(times.length)}${facts.join(', ')}`, width));
}

function timesText({ count }: RepeatedProblem): string {
  return `${count.toLocaleString('en')}×`;
}
