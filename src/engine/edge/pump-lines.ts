import { TS_PAST_MS_MAX, VALUE_BYTES_MAX } from '../model/limit.js';
import type { BatchSender } from './batch-sender.js';
import { createEncodeLine, type EncodedLine, type LineReason } from './encode-line.js';
import type { EventFields, LineFormat } from './line-format.js';
import { NEW_FILE, type SourceBytes } from './read-file.js';
import { LineSplitter, type SplitLine } from './line-splitter.js';

/** What was read so far; counts never go down. `readCount` = lines, blank ones included. */
export interface LineCounts {
  readCount: number;
  byteCount: number;
  /** Messages handed to the queue; they are sent when the sender says so. */
  eventCount: number;
  readonly reasons: Record<LineReason, number>;
}

export interface PumpOptions {
  readonly sender: BatchSender;
  readonly counts: LineCounts;
  /** Called once, with the first lines. */
  readonly chooseFormat: (lines: readonly string[]) => LineFormat;
  readonly set: EventFields;
  readonly isBackfill: boolean;
  /** The wall clock, for the hint about old times. */
  readonly nowMs: number;
  /** Whether the source was left before its end: then its last line is no line. */
  readonly isCutShort: () => boolean;
  /** Called once when most of the first events are too old to keep their time. */
  readonly onOldTimes: () => void;
}

export function newLineCounts(): LineCounts {
  return {
    readCount: 0,
    byteCount: 0,
    eventCount: 0,
    reasons: { blank: 0, line_too_large: 0, unparsed: 0, invalid_utf8: 0 },
  };
}

/** Enough to tell formats apart. */
const LINES_TO_RECOGNISE = 20;

/**
 * Reads bytes to their end, line by line, into the sender. A pause (undefined) sends what waits, so
 * that a followed log is never held back. Resolves when all of it is confirmed by the queue.
 */
export async function pumpLines(
  source: AsyncIterable<SourceBytes>,
  options: PumpOptions,
): Promise<void> {
  const splitter = new LineSplitter({ lineBytesMax: VALUE_BYTES_MAX });
  const pump = new LinePump(options);
  for await (const chunk of source) {
    if (chunk === undefined) {
      await pump.flush();
      continue;
    }
    if (chunk === NEW_FILE) {
      for (const line of splitter.end()) await pump.take(line);
      continue;
    }
    options.counts.byteCount += chunk.length;
    for (const line of splitter.push(chunk)) {
      const room = pump.take(line);
      if (room !== undefined) await room;
    }
  }
  if (!options.isCutShort()) for (const line of splitter.end()) await pump.take(line);
  await pump.flush();
}

class LinePump {
  readonly #options: PumpOptions;
  /** Lines that wait until the format is known. */
  #waiting: SplitLine[] = [];
  #encodeLine: ((line: SplitLine) => EncodedLine) | undefined;

  constructor(options: PumpOptions) {
    this.#options = options;
  }

  take(line: SplitLine): Promise<void> | undefined {
    if (this.#encodeLine !== undefined) return this.#send(line, this.#encodeLine);
    // The splitter's buffers are views of a chunk that may be read over: these outlive it.
    this.#waiting.push(line.kind === 'line' ? { ...line, bytes: Buffer.from(line.bytes) } : line);
    return this.#waiting.length < LINES_TO_RECOGNISE ? undefined : this.#recognise();
  }

  async flush(): Promise<void> {
    if (this.#waiting.length > 0) await this.#recognise();
    await this.#options.sender.flush();
  }

  async #recognise(): Promise<void> {
    const { chooseFormat, set, isBackfill } = this.#options;
    const texts = this.#waiting
      .flatMap((line) => (line.kind === 'line' ? [line.bytes.toString('utf8')] : []))
      .filter((text) => text.trim() !== '');
    const format = chooseFormat(texts);
    if (!isBackfill) this.#warnOfOldTimes(format, texts);
    this.#encodeLine = createEncodeLine({ format, set, isBackfill });
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const line of waiting) await this.#send(line, this.#encodeLine);
  }

  #warnOfOldTimes(format: LineFormat, texts: readonly string[]): void {
    const oldestMs = this.#options.nowMs - TS_PAST_MS_MAX;
    const old = texts.filter((text) => {
      const decoded = format.decode(text);
      const ts = decoded.kind === 'events' ? decoded.events[0]?.['ts'] : undefined;
      return typeof ts === 'string' && Date.parse(ts) < oldestMs;
    });
    if (old.length * 2 > texts.length) this.#options.onOldTimes();
  }

  #send(line: SplitLine, encodeLine: (line: SplitLine) => EncodedLine): Promise<void> | undefined {
    const { counts, sender } = this.#options;
    const { messages, reason } = encodeLine(line);
    counts.readCount += 1;
    if (reason !== undefined) counts.reasons[reason] += 1;
    counts.eventCount += messages.length;
    return sender.add(messages);
  }
}
