import { OVERSIZED_SAMPLE_BYTES } from '../model/limit.js';

/** A line without its end, or the size and the first bytes of one that was too long to keep. */
export type SplitLine =
  | { readonly kind: 'line'; readonly bytes: Buffer }
  | { readonly kind: 'tooLarge'; readonly byteCount: number; readonly sample: Buffer };

const NEWLINE = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf]);

/**
 * Cuts a stream of bytes into lines with bounded memory: of a line over the limit nothing is kept but
 * its size and OVERSIZED_SAMPLE_BYTES of its start. Ends are LF and CRLF; a last line without one counts; a byte order mark is left out.
 */
export class LineSplitter {
  readonly #lineBytesMax: number;
  #parts: Buffer[] = [];
  #partBytes = 0;
  /** The start of a line that is over the limit. */
  #sample: Buffer | undefined;
  #isFirst = true;

  constructor({ lineBytesMax }: { readonly lineBytesMax: number }) {
    this.#lineBytesMax = lineBytesMax;
  }

  /** The lines that end in `chunk`. The buffers may share its memory. */
  *push(chunk: Buffer): Generator<SplitLine> {
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, start)) {
      yield this.#finish(chunk.subarray(start, end));
      start = end + 1;
    }
    this.#keep(chunk.subarray(start));
  }

  /** The last line when it had no end. */
  *end(): Generator<SplitLine> {
    if (this.#partBytes > 0) yield this.#finish(Buffer.alloc(0));
  }

  /** Whether part of a line waits for its end. */
  get hasPart(): boolean {
    return this.#partBytes > 0;
  }

  #keep(part: Buffer): void {
    if (part.length === 0) return;
    this.#partBytes += part.length;
    if (this.#sample !== undefined) return;
    this.#parts.push(part);
    if (this.#partBytes > this.#lineBytesMax) this.#dropAllButSample();
  }

  #dropAllButSample(): void {
    // A copy: the parts are views of chunks, which would be held in memory, or read over.
    const sampleBytes = Math.min(this.#partBytes, OVERSIZED_SAMPLE_BYTES);
    this.#sample = Buffer.concat(this.#parts, sampleBytes);
    this.#parts = [];
  }

  #finish(tail: Buffer): SplitLine {
    const byteCount = this.#partBytes + tail.length;
    if (byteCount > this.#lineBytesMax) return this.#finishTooLarge(tail);
    const parts = this.#parts;
    this.#parts = [];
    this.#partBytes = 0;
    let bytes = parts.length === 0 ? tail : Buffer.concat([...parts, tail], byteCount);
    if (bytes.at(-1) === CARRIAGE_RETURN) bytes = bytes.subarray(0, -1);
    if (this.#isFirst && bytes.subarray(0, 3).equals(BYTE_ORDER_MARK)) bytes = bytes.subarray(3);
    this.#isFirst = false;
    return { kind: 'line', bytes };
  }

  #finishTooLarge(tail: Buffer): SplitLine {
    this.#keep(tail);
    const byteCount = this.#partBytes;
    const sample = this.#sample ?? Buffer.alloc(0);
    this.#partBytes = 0;
    this.#sample = undefined;
    this.#isFirst = false;
    return { kind: 'tooLarge', byteCount, sample };
  }
}
