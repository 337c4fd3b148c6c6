import { TS_PAST_MS_MAX, VALUE_BYTES_MAX } from '../model/limit.js';
import type { QueueMessage } from '../model/queue.js';
import type { BatchSender } from './batch-sender.js';
import { LineEncoder, type LineReason } from './encode-line.js';
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
  /** Events with one value of this field keep their order. */
  readonly keyField: string;
  /** Whether stack traces and other lines that continue an event are joined to it, where the format is text. */
  readonly isMultiline: boolean;
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
    reasons: {
      blank: 0,
      joined: 0,
      line_too_large: 0,
      unparsed: 0,
      invalid_time: 0,
      invalid_utf8: 0,
    },
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
      await pump.pause();
      continue;
    }
    if (chunk === NEW_FILE) {
      for (const line of splitter.end()) await pump.take(line);
      // A line of one file does not continue another's.
      await pump.endFile();
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
  #encoder: LineEncoder | undefined;
  /** Whether an event waited already when the last pause came: the rest of a trace comes at once, or not at all. */
  #hasWaited = false;

  constructor(options: PumpOptions) {
    this.#options = options;
  }

  take(line: SplitLine): Promise<void> | undefined {
    if (this.#encoder !== undefined) return this.#send(line, this.#encoder);
    // The splitter's buffers are views of a chunk that may be read over: these outlive it.
    this.#waiting.push(line.kind === 'line' ? { ...line, bytes: Buffer.from(line.bytes) } : line);
    return this.#waiting.length < LINES_TO_RECOGNISE ? undefined : this.#recognise();
  }

  /** Sends what there is; an event that may still be continued at the second pause in a row. */
  async pause(): Promise<void> {
    if (this.#waiting.length > 0) await this.#recognise();
    if (this.#hasWaited) await this.#closeEvent();
    this.#hasWaited = this.#encoder?.isWaiting ?? false;
    await this.#options.sender.flush();
  }

  /** Sends all of it. */
  async flush(): Promise<void> {
    await this.endFile();
    await this.#options.sender.flush();
  }

  /** What comes next belongs to no line before it. */
  async endFile(): Promise<void> {
    if (this.#waiting.length > 0) await this.#recognise();
    await this.#closeEvent();
  }

  async #recognise(): Promise<void> {
    const { chooseFormat, counts, set, keyField, isMultiline, isBackfill } = this.#options;
    const texts = this.#waiting
      .flatMap((line) => (line.kind === 'line' ? [line.bytes.toString('utf8')] : []))
      .filter((text) => text.trim() !== '');
    const format = chooseFormat(texts);
    if (!isBackfill) this.#warnOfOldTimes(format, texts);
    const encoder = new LineEncoder(
      { format, set, keyField, isMultiline, isBackfill },
      (reason) => (counts.reasons[reason] += 1),
    );
    this.#encoder = encoder;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const line of waiting) await this.#send(line, encoder);
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

  #send(line: SplitLine, encoder: LineEncoder): Promise<void> | undefined {
    this.#options.counts.readCount += 1;
    this.#hasWaited = false;
    return this.#hand(encoder.take(line));
  }

  async #closeEvent(): Promise<void> {
    if (this.#encoder !== undefined) await this.#hand(this.#encoder.flush());
  }

  #hand(messages: readonly QueueMessage[]): Promise<void> | undefined {
    const { counts, sender } = this.#options;
    counts.eventCount += messages.length;
    return messages.length === 0 ? undefined : sender.add(messages);
  }
}
