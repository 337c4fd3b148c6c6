import type { QueueRecord } from '../../model/queue.js';
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
  #rest: readonly QueueRecord[] = [];

  constructor(file: LogFile, id: PartitionId, cursor: number) {
    this.#file = file;
    this.#id = id;
    this.#cursor = cursor;
  }

  get cursor(): number {
    return this.#cursor;
  }

  get hasRest(): boolean {
    return this.#rest.length > 0;
  }

  seek(offset: number): void {
    this.#cursor = offset;
    this.#rest = [];
  }

  /** Whether `bytes` or more can be read now; also when reading would fail. */
  hasBytes(bytes: number): boolean {
    const tail = tailOf(this.#file, this.#id);
    if (this.#cursor < tail.start || this.#cursor > tail.end) return true;
    return this.#cursor < tail.end && bytesAfter(this.#file, this.#id, this.#cursor) >= bytes;
  }

  /** Takes records up to `bytesMax` value bytes (one at least) and before `until`; empty at the end of the log. */
  take(bytesMax: number, until = Number.MAX_SAFE_INTEGER): readonly QueueRecord[] {
    if (this.#cursor >= until) return [];
    const taken: QueueRecord[] = [];
    let bytes = 0;
    while (this.#fill()) {
      for (const [index, record] of this.#rest.entries()) {
        const valueBytes = record.value?.length ?? 0;
        const isOver = taken.length > 0 && bytes + valueBytes > bytesMax;
        if (isOver || Number(record.offset) >= until) {
          this.#rest = this.#rest.slice(index);
          return taken;
        }
        taken.push(record);
        bytes += valueBytes;
        this.#cursor += 1;
      }
      this.#rest = [];
    }
    return taken;
  }

  #fill(): boolean {
    if (this.#rest.length > 0) return true;
    const tail = tailOf(this.#file, this.#id);
    if (this.#cursor < tail.start || this.#cursor > tail.end) {
      throw offsetOutOfRange(this.#id, this.#cursor, tail);
    }
    if (this.#cursor === tail.end) return false;
    this.#rest = readBlock(this.#file, this.#id, this.#cursor);
    return true;
  }
}
