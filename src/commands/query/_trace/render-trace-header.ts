import type { TraceSummary } from '../../../engine/trace/trace-summary.js';
import { formatDuration, formatLocal } from '../../../engine/time/format.js';
import { describeEvent, describeSource } from '../../_cli/describe-event.js';
import { sanitizeText } from '../../_cli/sanitize.js';
import { clipText, fitText, widthOf } from '../../_cli/text-width.js';
import { serviceStyle, type Pen } from './waterfall/pen.js';
import type { TracePicture } from './trace-picture.js';

/** Columns of the words in front. */
const LABEL_WIDTH = 10;

const PART_SPACE = 3;

/** A text as it is measured, and as it is shown. */
type Part = readonly [measured: string, shown: string];

/** What an operator needs first: when, how long, who took part, what went wrong first and where, where the time went. */
export function* renderTraceHeader(picture: TracePicture, pen: Pen): Generator<string> {
  const { summary, id } = picture;
  const { paint, width, zone } = pen;
  const { date, time, offset } = formatLocal(summary.startNs, zone);
  yield `${label('trace', pen)}${paint('bold', clipText(sanitizeText(id), width - LABEL_WIDTH))}`;
  const took = formatDuration(summary.durationNs);
  const start = `${date} ${time} ${offset}`;
  yield* flow('start', pen, [
    [start, start],
    [`took ${took}`, `${paint('dim', 'took')} ${paint('bold', took)}`],
    [counts(summary), counts(summary)],
  ]);
  yield* flow('in', pen, serviceParts(summary, pen));
  yield* problemLines(summary, pen);
  yield* flow('critical', pen, criticalParts(picture, pen));
  yield* gapLine(summary, pen);
}

function label(text: string, { paint }: Pen): string {
  return paint('dim', fitText(text, LABEL_WIDTH));
}

/** Parts side by side while they fit, the others in lines below; nothing without a part. */
function* flow(name: string, pen: Pen, parts: readonly Part[]): Generator<string> {
  if (parts.length === 0) return;
  let line = label(name, pen);
  let columns = LABEL_WIDTH;
  for (const [index, [measured, shown]] of parts.entries()) {
    const size = widthOf(measured);
    if (index > 0 && columns + PART_SPACE + size > pen.width) {
      yield line;
      line = ' '.repeat(LABEL_WIDTH);
      columns = LABEL_WIDTH;
    } else if (index > 0) {
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

const SERVICE_WIDTH_MAX = 30;

/** A service's name, short enough that so many columns are left beside it. */
function serviceLabel(name: string, { width }: Pen, beside: number): string {
  const room = Math.min(SERVICE_WIDTH_MAX, width - LABEL_WIDTH - beside);
  return clipText(sanitizeText(name || '(no service)'), room);
}

function serviceParts({ services }: TraceSummary, pen: Pen): Part[] {
  const { paint } = pen;
  return services.map(({ name, eventCount, problemCount }) => {
    const trouble = problemCount === 0 ? '' : ` ✖${problemCount}`;
    const count = ` ${eventCount}`;
    const text = serviceLabel(name, pen, count.length + trouble.length);
    const shown = paint(serviceStyle(name, pen), text) + paint('dim', count);
    return [text + count + trouble, shown + paint('red', trouble)];
  });
}

/** Services on which the action hung for less than this are not named. */
const CRITICAL_SHARE_SHOWN = 0.01;
const CRITICAL_SERVICES_SHOWN = 5;

/** `payment 1.75s of 2.11s (83 %)`, the services on which the action hung for longest first. */
function criticalParts({ critical, summary }: TracePicture, pen: Pen): Part[] {
  if (critical === undefined || summary.durationNs === 0n) return [];
  const { paint } = pen;
  const byService = new Map<string | undefined, bigint>([[undefined, critical.outsideNs]]);
  for (const [{ event }, selfNs] of critical.selfNs) {
    const name = event.service ?? '';
    byService.set(name, (byService.get(name) ?? 0n) + selfNs);
  }
  return [...byService]
    .map(([name, selfNs]) => ({
      name,
      selfNs,
      share: Number(selfNs) / Number(summary.durationNs),
    }))
    .filter(({ share }) => share >= CRITICAL_SHARE_SHOWN)
    .sort((a, b) => b.share - a.share)
    .slice(0, CRITICAL_SERVICES_SHOWN)
    .map(({ name, selfNs, share }, index): Part => {
      // Of what is said once: the others are shares of the same.
      const whole = index === 0 ? ` of ${formatDuration(summary.durationNs)}` : '';
      const amount = ` ${formatDuration(selfNs)}${whole} (${Math.round(100 * share)} %)`;
      const text = name === undefined ? 'no span' : serviceLabel(name, pen, amount.length);
      const style = name === undefined ? 'dim' : serviceStyle(name, pen);
      return [text + amount, paint(style, text) + (index === 0 ? paint('bold', amount) : amount)];
    });
}

function* problemLines(summary: TraceSummary, pen: Pen): Generator<string> {
  const { errorCount, failureCount, warnCount, firstProblem } = summary;
  const { paint, width } = pen;
  const parts = [
    errorCount === 0 ? '' : plural(errorCount, 'error'),
    failureCount === 0 ? '' : plural(failureCount, 'failure'),
    warnCount === 0 ? '' : plural(warnCount, 'warning'),
  ].filter((part) => part !== '');
  if (firstProblem === undefined) {
    const said = parts.length === 0 ? 'no error' : `${parts.join(', ')}, no error`;
    const text = clipText(said, width - LABEL_WIDTH);
    yield `${label('state', pen)}${paint(parts.length === 0 ? 'green' : 'yellow', text)}`;
    return;
  }
  const text = clipText(`✖ ${parts.join(', ')}`, width - LABEL_WIDTH);
  yield `${label('state', pen)}${paint(['bold', 'red'], text)}`;
  const { event, tsNs } = firstProblem;
  const at = `+${pen.offsets.format(tsNs - summary.startNs)} ${pen.offsets.unit}`;
  const where = [at, sanitizeText(event.service ?? ''), describeSource(event)].filter(Boolean);
  yield `${label('first', pen)}${paint('red', clipText(where.join('  '), width - LABEL_WIDTH))}`;
  yield `${' '.repeat(LABEL_WIDTH)}${paint('red', clipText(describeEvent(event), width - LABEL_WIDTH))}`;
}

/** A silence this large a part of the whole is worth a line. */
const GAP_SHARE_SHOWN = 0.2;

function* gapLine(summary: TraceSummary, pen: Pen): Generator<string> {
  const { longGaps, durationNs } = summary;
  const [longestGap] = longGaps;
  if (longestGap === undefined || Number(longestGap.gapNs) < GAP_SHARE_SHOWN * Number(durationNs)) {
    return;
  }
  const { paint, width, offsets } = pen;
  const { gapNs, before, after } = longestGap;
  const [from, to] = [before, after].map(({ event }) =>
    `${event.service ?? ''} ${describeSource(event)}`.trim(),
  ) as [string, string];
  const at = `+${offsets.format(before.tsNs - summary.startNs)} ${offsets.unit}`;
  const text = `${formatDuration(gapNs)} silent from ${at}: ${from} → ${to}`;
  yield `${label('gap', pen)}${paint('yellow', clipText(sanitizeText(text), width - LABEL_WIDTH))}`;
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
