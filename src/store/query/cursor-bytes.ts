/** Largest varint: 64 bits in groups of seven. Zigzag keeps small negative numbers short. */
const VARINT_BYTES_MAX = 10;

/** Writes numbers and texts in as few bytes as they need; `CursorReader` reads them back in the same order. */
export class CursorWriter {
  readonly #bytes: number[] = [];

  integer(value: bigint | number): this {
    const wide = BigInt.asIntN(64, BigInt(value));
    let rest = BigInt.asUintN(64, (wide << 1n) ^ (wide >> 63n));
    for (; rest > 0x7fn; rest >>= 7n) this.#bytes.push(Number(rest & 0x7fn) | 0x80);
    this.#bytes.push(Number(rest));
    return this;
  }

  text(value: string): this {
    const bytes = Buffer.from(value);
    this.integer(bytes.length);
    for (const byte of bytes) this.#bytes.push(byte);
    return this;
  }

  toBuffer(): Buffer {
    return Buffer.from(this.#bytes);
  }
}

/** Reads what `CursorWriter` wrote. Every method throws a RangeError where the bytes are not of that kind. */
export class CursorReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  integer(): bigint {
    let value = 0n;
    for (let index = 0; index < VARINT_BYTES_MAX; index++) {
      const byte = this.#bytes[this.#at++];
      if (byte === undefined) throw new RangeError('the bytes end within a number');
      value |= BigInt(byte & 0x7f) << BigInt(7 * index);
      if (byte < 0x80) return BigInt.asIntN(64, (value >> 1n) ^ -(value & 1n));
    }
    throw new RangeError('a number is too long');
  }

  /** A number that counts or names something: 0 to `max`. */
  small(max: number): number {
    const value = this.integer();
    if (value < 0n || value > BigInt(max)) throw new RangeError('a number is out of its range');
    return Number(value);
  }

  text(): string {
    const length = this.small(this.#bytes.length - this.#at);
    const start = this.#at;
    this.#at += length;
    return this.#bytes.toString('utf8', start, this.#at);
  }

  /** That nothing is left. */
  end(): void {
    if (this.#at !== this.#bytes.length) throw new RangeError('bytes are left over');
  }
}
