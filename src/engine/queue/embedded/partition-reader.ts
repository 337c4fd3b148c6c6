import { countWithin, type RecordRun } from '../../model/record-run.js';
import type { LogFile } from './log-file.js';
import {
  bytesAfter,
  offsetOutOfRange,
  type PartitionId,
  readBlock,
  tailOf,
} from './partition-log.js';

/** A cursor in one partition, with the rest of the block it stands in. */
export class PartitionReader {
  readonly #file: LogFile;
  readonly #id: PartitionId;
  #cursor: number;
  #rest: RecordRun | undefined;

  constructor(file: LogFile, id: PartitionId, cursor: number) {
    this.#file = file;
    this.#id = id;
    this.#cursor = cursor;
  }

  get cursor(): number {
    return this.#cursor;
  }

  get hasRest(): boolean {
    return this.#rest !== undefined;
  }

  seek(offset: number): void {
    this.#cursor = offset;
    this.#rest = undefined;
  }

  /** Whether `bytes` or more can be read now; also when reading would fail. */
  hasBytes(bytes: number): boolean {
    const tail = tailOf(this.#file, this.#id);
    if (this.#cursor < tail.start || this.#cursor > tail.end) return true;
    return this.#cursor < tail.end && bytesAfter(this.#file, this.#id, this.#cursor) >= bytes;
  }

  /** Takes runs of up to `bytesMax` bytes (one record at least) and before `until`; empty at the end of the log. */
  take(bytesMax: number, until = Number.MAX_SAFE_INTEGER): readonly RecordRun[] {
    const taken: RecordRun[] = [];
    let bytesLeft = bytesMax;
    while (this.#cursor < until) {
      const run = this.#fill();
      if (run === undefined) break;
      const limits = { recordsMax: until - this.#cursor, bytesMax: bytesLeft };
      const count = countWithin(run, limits);
      if (taken.length > 0 && run.bytesOfFirst(count) > bytesLeft) break;
      taken.push(count === run.recordCount ? run : run.slice(0, count));
      this.#rest = count === run.recordCount ? undefined : run.slice(count, run.recordCount);
      this.#cursor += count;
      bytesLeft -= run.bytesOfFirst(count);
      if (this.#rest !== undefined) break;
    }
    return taken;
  }

  #fill(): RecordRun | undefined {
    if (this.#rest !== undefined) return this.#rest;
    const tail = tailOf(this.#file, this.#id);
    if (this.#cursor < tail.start || this.#cursor > tail.end) {
      throw offsetOutOfRange(this.#id, this.#cursor, tail);
    }
    if (this.#cursor === tail.end) return undefined;
    this.#rest = readBlock(this.#file, this.#id, this.#cursor);
    return this.#rest;
  }
}
