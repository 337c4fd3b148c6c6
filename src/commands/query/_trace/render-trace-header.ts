import type { TraceSummary } from '../../../engine/trace/trace-summary.js';
import { formatDuration, formatLocal } from '../../../engine/time/format.js';
import { describeEvent, describeSource } from '../../_cli/describe-event.js';
import { sanitizeText } from '../../_cli/sanitize.js';
import type { Style } from '../../_cli/terminal.js';
import { clipText, widthOf } from '../../_cli/text-width.js';
import type { TraceCanvas, TracePicture } from './trace-picture.js';
import type { OffsetFormat } from './trace-time.js';

interface HeaderCanvas extends TraceCanvas {
  readonly offsets: OffsetFormat;
  readonly serviceStyles: ReadonlyMap<string, Style>;
}

/** Columns of the words in front. */
const LABEL_WIDTH = 7;

const PART_SPACE = 3;

/** What an operator needs first: when, how long, who took part, what went wrong first and where, where the time went. */
export function* renderTraceHeader(picture: TracePicture, canvas: HeaderCanvas): Generator<string> {
  const { summary, id } = picture;
  const { paint, width, zone } = canvas;
  const { date, time, offset } = formatLocal(summary.startNs, zone);
  yield `${paint('dim', 'trace')}  ${paint('bold', clipText(sanitizeText(id), width - LABEL_WIDTH))}`;
  const took = formatDuration(summary.durationNs);
  const parts: [string, string][] = [
    [`start  ${date} ${time} ${offset}`, `${paint('dim', 'start')}  ${date} ${time} ${offset}`],
    [`took ${took}`, `${paint('dim', 'took')} ${paint('bold', took)}`],
    [counts(summary), counts(summary)],
  ];
  yield* flow(parts, width);
  yield* servicesLine(summary, canvas);
  yield* problemLines(summary, canvas);
  yield* gapLine(summary, canvas);
}

/** Parts (as measured, as shown) side by side while they fit, the others under the first one's text. */
function* flow(parts: readonly (readonly [string, string])[], width: number): Generator<string> {
  let line = '';
  let columns = 0;
  for (const [measured, shown] of parts) {
    const size = widthOf(measured);
    if (columns > 0 && columns + PART_SPACE + size > width) {
      yield line;
      line = ' '.repeat(LABEL_WIDTH);
      columns = LABEL_WIDTH;
    } else if (columns > 0) {
      line += ' '.repeat(PART_SPACE);
      columns += PART_SPACE;
    }
    line += shown;
    columns += size;
  }
  yield line;
}

function counts({ services, spanCount }: TraceSummary): string {
  const eventCount = services.reduce((sum, service) => sum + service.eventCount, 0);
  const spans = spanCount === 0 ? '' : `, ${plural(spanCount, 'span')}`;
  return `${plural(eventCount, 'event')}${spans}`;
}

function* servicesLine(
  { services }: TraceSummary,
  { paint, width, serviceStyles }: HeaderCanvas,
): Generator<string> {
  let line = paint('dim', 'in   ');
  let columns = 5;
  for (const [index, { name, eventCount, problemCount }] of services.entries()) {
    const label = clipText(sanitizeText(name || '(no service)'), 30);
    const trouble = problemCount === 0 ? '' : ` ✖${problemCount}`;
    const size = widthOf(label) + String(eventCount).length + trouble.length + 4;
    if (columns + size > width) {
      yield line;
      line = '     ';
      columns = 5;
    }
    columns += size;
    line += `  ${paint(serviceStyles.get(name) ?? 'cyan', label)} ${paint('dim', String(eventCount))}${paint('red', trouble)}`;
    if (index === services.length - 1) yield line;
  }
}

function* problemLines(summary: TraceSummary, canvas: HeaderCanvas): Generator<string> {
  const { errorCount, failureCount, warnCount, firstProblem } = summary;
  const { paint, width } = canvas;
  const parts = [
    errorCount === 0 ? '' : plural(errorCount, 'error'),
    failureCount === 0 ? '' : plural(failureCount, 'failure'),
    warnCount === 0 ? '' : plural(warnCount, 'warning'),
  ].filter((part) => part !== '');
  if (firstProblem === undefined) {
    const text = parts.length === 0 ? 'no error' : `${parts.join(', ')}, no error`;
    yield `${paint('dim', 'state')}  ${paint(parts.length === 0 ? 'green' : 'yellow', text)}`;
    return;
  }
  yield `${paint('dim', 'state')}  ${paint(['bold', 'red'], `✖ ${parts.join(', ')}`)}`;
  const { event, tsNs } = firstProblem;
  const at = `+${canvas.offsets.format(tsNs - summary.startNs)} ${canvas.offsets.unit}`;
  const where = [at, sanitizeText(event.service ?? ''), describeSource(event)].filter(Boolean);
  yield `${paint('dim', 'first')}  ${paint('red', clipText(where.join('  '), width - LABEL_WIDTH))}`;
  yield `${' '.repeat(LABEL_WIDTH)}${paint('red', clipText(describeEvent(event), width - LABEL_WIDTH))}`;
}

/** A silence this large a part of the whole is worth a line. */
const GAP_SHARE_SHOWN = 0.2;

function* gapLine(summary: TraceSummary, canvas: HeaderCanvas): Generator<string> {
  const { longestGap, durationNs } = summary;
  if (longestGap === undefined || Number(longestGap.gapNs) < GAP_SHARE_SHOWN * Number(durationNs)) {
    return;
  }
  const { paint, width, offsets } = canvas;
  const { gapNs, before, after } = longestGap;
  const [from, to] = [before, after].map(({ event }) =>
    `${event.service ?? ''} ${describeSource(event)}`.trim(),
  ) as [string, string];
  const at = `+${offsets.format(before.tsNs - summary.startNs)} ${offsets.unit}`;
  const text = `${formatDuration(gapNs)} silent from ${at}: ${from} → ${to}`;
  yield `${paint('dim', 'gap')}    ${paint('yellow', clipText(sanitizeText(text), width - LABEL_WIDTH))}`;
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
