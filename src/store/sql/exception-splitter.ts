/** The server's words are a page at most; more would be no message. */
const EXCEPTION_BYTES_MAX = 64 * 1024;

/**
 * Parts the bytes of an answer from the exception that the server writes behind them when it cannot go on. The block begins
 * with a tag of chance that the answer's head has told, so that no answer can look like one.
 */
export class ExceptionSplitter {
  readonly #mark: Buffer;
  /** The end of what has come, as long as it may be the beginning of the mark. */
  #held: Buffer = Buffer.alloc(0);
  #exception: Buffer | undefined;

  constructor(tag: string) {
    this.#mark = Buffer.from(`\r\n__exception__\r\n${tag}\r\n`);
  }

  /** The bytes that are the answer's for certain. */
  push(chunk: Buffer): Buffer {
    if (this.#exception !== undefined) {
      const joined = Buffer.concat([this.#exception, chunk]);
      this.#exception = joined.subarray(0, EXCEPTION_BYTES_MAX);
      return Buffer.alloc(0);
    }
    const bytes = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
    const at = bytes.indexOf(this.#mark);
    if (at !== -1) {
      this.#held = Buffer.alloc(0);
      this.#exception = bytes.subarray(at + this.#mark.length);
      return bytes.subarray(0, at);
    }
    const held = this.#heldLength(bytes);
    this.#held = bytes.subarray(bytes.length - held);
    return bytes.subarray(0, bytes.length - held);
  }

  /** The bytes that were held back; there is no more to come. */
  end(): Buffer {
    const held = this.#held;
    this.#held = Buffer.alloc(0);
    return held;
  }

  /** The server's words, once the block has come; undefined for an answer that is whole. */
  get exception(): string | undefined {
    return this.#exception?.toString('utf8').replace(FOOT, '');
  }

  #heldLength(bytes: Buffer): number {
    const most = Math.min(this.#mark.length - 1, bytes.length);
    for (let length = most; length > 0; length -= 1) {
      const end = bytes.subarray(bytes.length - length);
      if (end.equals(this.#mark.subarray(0, length))) return length;
    }
    return 0;
  }
}

/** The length and the tag again, and the word that ends the block; cut off where the connection was. */
const FOOT = /\r?\n\d+ [a-z]+\r?\n(?:__exception__\r?\n?)?$/u;
