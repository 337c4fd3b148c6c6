import type { TraceSummary } from '../../../../engine/trace/trace-summary.js';
import { formatDuration, formatLocal } from '../../../../engine/time/format.js';
import { describeSource } from '../../../_cli/describe-event.js';
import { sanitizeText } from '../../../_cli/sanitize.js';
import { clipText } from '../../../_cli/text-width.js';
import type { TracePicture } from '../trace-picture.js';
import { serviceStyle, type Pen } from '../waterfall/pen.js';
import {
  flow,
  label,
  LABEL_WIDTH,
  plural,
  problemLines,
  serviceLabel,
  serviceParts,
  type Part,
} from './header-part.js';

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

function counts({ services, spanCount }: TraceSummary): string {
  const eventCount = services.reduce((sum, service) => sum + service.eventCount, 0);
  const spans = spanCount === 0 ? '' : `, ${plural(spanCount, 'span')}`;
  return `${plural(eventCount, 'event')}${spans}`;
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
