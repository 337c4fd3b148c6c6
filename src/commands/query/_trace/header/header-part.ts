import type { TraceSummary } from '../../../../engine/trace/trace-summary.js';
import { describeEvent, describeSource } from '../../../_cli/describe-event.js';
import { sanitizeText } from '../../../_cli/sanitize.js';
import { clipText, fitText, widthOf } from '../../../_cli/text-width.js';
import { chooseOffsetFormat } from '../waterfall/offset-format.js';
import { serviceStyle, type Pen } from '../waterfall/pen.js';

/** Columns of the words in front. */
export const LABEL_WIDTH = 10;

const PART_SPACE = 3;

/** A text as it is measured, and as it is shown. */
export type Part = readonly [measured: string, shown: string];

/** The word in front of a line. */
export function label(text: string, { paint }: Pen): string {
  return paint('dim', fitText(text, LABEL_WIDTH));
}

/** Parts side by side while they fit, the others in lines below; nothing without a part. */
export function* flow(name: string, pen: Pen, parts: readonly Part[]): Generator<string> {
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

const SERVICE_WIDTH_MAX = 30;

/** A service's name, short enough that so many columns are left beside it. */
export function serviceLabel(name: string, { width }: Pen, beside: number): string {
  const room = Math.min(SERVICE_WIDTH_MAX, width - LABEL_WIDTH - beside);
  return clipText(sanitizeText(name || '(no service)'), room);
}

/** Each service with its events and troubles. */
export function serviceParts({ services }: TraceSummary, pen: Pen): Part[] {
  const { paint } = pen;
  return services.map(({ name, eventCount, problemCount }) => {
    const trouble = problemCount === 0 ? '' : ` ✖${problemCount}`;
    const count = ` ${eventCount}`;
    const text = serviceLabel(name, pen, count.length + trouble.length);
    const shown = paint(serviceStyle(name, pen), text) + paint('dim', count);
    return [text + count + trouble, shown + paint('red', trouble)];
  });
}

/** How many problems of each kind, and the first of them with its place. */
export function* problemLines(summary: TraceSummary, pen: Pen): Generator<string> {
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
  const offsets = chooseOffsetFormat(summary.durationNs);
  const at = `+${offsets.format(tsNs - summary.startNs)} ${offsets.unit}`;
  const where = [at, sanitizeText(event.service ?? ''), describeSource(event)].filter(Boolean);
  yield `${label('first', pen)}${paint('red', clipText(where.join('  '), width - LABEL_WIDTH))}`;
  yield `${' '.repeat(LABEL_WIDTH)}${paint('red', clipText(describeEvent(event), width - LABEL_WIDTH))}`;
}

/** `1 event`, `2 events`. */
export function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
