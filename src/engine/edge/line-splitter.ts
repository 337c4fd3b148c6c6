/** A line without its end, or the size of one that was too long to keep. */
export type SplitLine =
  | { readonly kind: 'line'; readonly bytes: Buffer }
  | { readonly kind: 'tooLarge'; readonly byteCount: number };

const NEWLINE = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf]);

/**
 * Cuts a stream of bytes into lines with bounded memory: of a line over the limit nothing is kept but
 * its size. Ends are LF and CRLF; a last line without one counts; a byte order mark is left out.
 */
export class LineSplitter {
  readonly #lineBytesMax: number;
  #parts: Buffer[] = [];
  #partBytes = 0;
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
    if (this.#partBytes > this.#lineBytesMax) this.#parts = [];
    else this.#parts.push(part);
  }

  #finish(tail: Buffer): SplitLine {
    const byteCount = this.#partBytes + tail.length;
    const parts = this.#parts;
    this.#parts = [];
    this.#partBytes = 0;
    if (byteCount > this.#lineBytesMax) return { kind: 'tooLarge', byteCount };
    let bytes = parts.length === 0 ? tail : Buffer.concat([...parts, tail], byteCount);
    if (bytes.at(-1) === CARRIAGE_RETURN) bytes = bytes.subarray(0, -1);
    if (this.#isFirst && bytes.subarray(0, 3).equals(BYTE_ORDER_MARK)) bytes = bytes.subarray(3);
    this.#isFirst = false;
    return { kind: 'line', bytes };
  }
}
