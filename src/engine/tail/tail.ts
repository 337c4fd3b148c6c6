import type { Clock } from '../model/clock.js';
import type { QueueRecord, RecordBatch } from '../model/queue.js';
import type { TailSink } from './output-file.js';
import { readEvent, type TailRecord } from './read-event.js';
import { writeCursor, type TailCursor } from './tail-cursor.js';

/** A record with its place. */
export interface PlacedRecord {
  readonly topic: string;
  readonly partition: number;
  readonly record: QueueRecord;
}

/** Judges an event; the record says when it arrived. */
type JudgeEvent = (event: Readonly<Record<string, unknown>>, record: QueueRecord) => boolean;

export interface TailOptions {
  /** What is shown; every event when undefined. Dead letters are shown only then, and always counted. */
  readonly match: JudgeEvent | undefined;
  /** Ends the tail with the first event that passes; that event is shown even if `match` leaves it out. */
  readonly until: JudgeEvent | undefined;
  /** What a record is: one event or dead letter where it is our own format, else what ingest makes of it. */
  readonly read?: (record: QueueRecord) => readonly TailRecord[];
  /** Most lines to show; a tail that keeps its position shows all of the last record's, because it goes on behind that. */
  readonly limit: number;
  /** One line, or several, each with its line feed. */
  readonly render: (record: TailRecord, at: PlacedRecord) => Buffer;
  readonly sink: TailSink;
  /** Where to keep the position; undefined for a tail without a name. */
  readonly cursorPath: string | undefined;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** Why a tail ended, and what it saw. */
export interface TailResult {
  readonly end: 'until' | 'limit' | 'aborted';
  readonly shownCount: number;
  readonly deadLetterCount: number;
}

/** Records rendered into one write: bounds memory, and how much repeats after a SIGKILL. */
const WRITE_RECORDS_MAX = 500;

/** The position is kept at most this often while lines flow; a fsync each time would cost more than the lines. */
const SAVE_MS = 250;

/**
 * Shows records as they come. The position kept is always that of lines already handed over: after
 * an orderly end nothing repeats and nothing is missing; after SIGKILL the lines since the last
 * save repeat, or, in an output file, are cut off and written again.
 */
export class Tail {
  readonly #options: TailOptions;
  #cursor: TailCursor;
  #isDirty = false;
  #savedAtMs = Number.NEGATIVE_INFINITY;
  #shownCount = 0;
  #deadLetterCount = 0;
  #end: TailResult['end'] | undefined;

  constructor(cursor: TailCursor, options: TailOptions) {
    this.#cursor = cursor;
    this.#options = options;
  }

  /** Keeps the beginning first, so that a kill before the first save begins at the same place. */
  async run(batches: AsyncIterable<RecordBatch>): Promise<TailResult> {
    this.#isDirty = true;
    await this.#save();
    const stopSaving = new AbortController();
    const saving = this.#saveWhenIdle(stopSaving.signal);
    try {
      for await (const batch of batches) {
        await this.#show(batch);
        if (this.#isOver()) break;
      }
    } finally {
      stopSaving.abort();
      await saving;
      await this.#save();
    }
    const [shownCount, deadLetterCount] = [this.#shownCount, this.#deadLetterCount];
    return { end: this.#end ?? 'aborted', shownCount, deadLetterCount };
  }

  /** The topic was made again: the old positions mean nothing there. */
  startAnew(identity: string): void {
    this.#cursor = { ...this.#cursor, identity, positions: new Map() };
    this.#isDirty = true;
  }

  async #show({ topic, partition, records }: RecordBatch): Promise<void> {
    for (let from = 0; from < records.length && !this.#isOver(); from += WRITE_RECORDS_MAX) {
      const lines: Buffer[] = [];
      let next = 0n;
      for (const record of records.slice(from, from + WRITE_RECORDS_MAX)) {
        const line = this.#judge({ topic, partition, record });
        if (line) lines.push(line);
        next = record.offset + 1n;
        if (this.#isOver()) break;
      }
      if (lines.length > 0) await this.#options.sink.write(Buffer.concat(lines));
      this.#advance(partition, next);
      await this.#saveAtTimes();
      if (this.#options.signal.aborted) break;
    }
  }

  /** The lines of a record that are to be shown. */
  #judge(at: PlacedRecord): Buffer | undefined {
    const { read = readOne, cursorPath } = this.#options;
    const lines: Buffer[] = [];
    for (const each of read(at.record)) {
      const line = this.#judgeOne(each, at);
      if (line) lines.push(line);
      if (this.#isOver() && cursorPath === undefined) break;
    }
    return lines.length === 0 ? undefined : Buffer.concat(lines);
  }

  /** The line of an event that is to be shown; sets the end when this is the last one. */
  #judgeOne(read: TailRecord, at: PlacedRecord): Buffer | undefined {
    const { match, until, limit, render } = this.#options;
    const isDecisive = read.kind === 'event' && until?.(read.event, at.record) === true;
    if (read.kind === 'deadLetter') this.#deadLetterCount += 1;
    const isWanted = !match || (read.kind === 'event' && match(read.event, at.record));
    if (!isWanted && !isDecisive) return undefined;
    this.#shownCount += 1;
    if (isDecisive) this.#end = 'until';
    else if (this.#shownCount >= limit) this.#end ??= 'limit';
    return render(read, at);
  }

  /** Position and file length change together: neither is ever kept without the other. */
  #advance(partition: number, next: bigint): void {
    const { bytes } = this.#options.sink;
    const { output } = this.#cursor;
    const positions = new Map(this.#cursor.positions).set(partition, next);
    const grown = output && bytes !== null ? { path: output.path, bytes } : output;
    this.#cursor = { ...this.#cursor, positions, output: grown };
    this.#isDirty = true;
  }

  /** Asked through a method, because the compiler takes a field that it saw for unchangeable. */
  #isOver(): boolean {
    return this.#end !== undefined;
  }

  async #saveAtTimes(): Promise<void> {
    if (this.#options.clock.nowMs() - this.#savedAtMs >= SAVE_MS) await this.#save();
  }

  async #saveWhenIdle(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#options.clock.sleep(SAVE_MS, signal).catch(() => undefined);
      // A failure is kept in the chain of saves and ends the tail with the next one.
      await this.#saveAtTimes().catch(() => undefined);
    }
  }

  #saving: Promise<void> = Promise.resolve();

  /** One save after the other: two at once would share the temporary file. */
  #save(): Promise<void> {
    this.#saving = this.#saving.then(() => this.#saveNow());
    return this.#saving;
  }

  async #saveNow(): Promise<void> {
    const { cursorPath, sink, clock } = this.#options;
    if (!this.#isDirty || cursorPath === undefined) return;
    const cursor = this.#cursor;
    this.#isDirty = false;
    this.#savedAtMs = clock.nowMs();
    // The lines first: a position on disk without its lines would lose them in a power cut.
    await sink.sync();
    await writeCursor(cursorPath, cursor);
  }
}

function readOne(record: QueueRecord): readonly TailRecord[] {
  return [readEvent(record)];
}
