import type { BatchSender } from './batch-sender.js';
import type { EventFields, LineFormat } from './line-format.js';
import type { ParseTime } from './parse-time.js';
import { type LineCounts, pumpLines } from './pump-lines.js';
import type { SourceBytes } from './read-file.js';
import { recogniseFormat } from './recognise-format.js';

/** How lines become events. */
export interface LinePlan {
  /** undefined: recognised from the first lines. */
  readonly format: LineFormat | undefined;
  readonly parseTime: ParseTime;
  readonly set: EventFields;
  readonly keyField: string;
  readonly isMultiline: boolean;
  readonly isBackfill: boolean;
}

export interface SendLinesOptions {
  readonly plan: LinePlan;
  readonly sender: BatchSender;
  readonly counts: LineCounts;
  /** The wall clock. */
  readonly nowMs: number;
  /** Told once, with the format of the lines. */
  readonly onFormat?: (format: LineFormat) => void;
  /** As in pumpLines. */
  readonly isCutShort?: () => boolean;
  readonly onOldTimes?: () => void;
}

/** One input to its end, line by line, into the queue; resolves when all of it is confirmed. */
export async function sendLines(
  source: AsyncIterable<SourceBytes>,
  { plan, sender, counts, nowMs, onFormat, isCutShort, onOldTimes }: SendLinesOptions,
): Promise<void> {
  await pumpLines(source, {
    sender,
    counts,
    chooseFormat: (lines) => {
      const format = plan.format ?? recogniseFormat(lines, plan.parseTime);
      onFormat?.(format);
      return format;
    },
    set: plan.set,
    keyField: plan.keyField,
    isMultiline: plan.isMultiline,
    isBackfill: plan.isBackfill,
    nowMs,
    isCutShort: isCutShort ?? (() => false),
    onOldTimes: onOldTimes ?? (() => undefined),
  });
}
