/** Reads Kafka's protocol from a buffer. Numbers are big endian; a read beyond the end throws a RangeError. */
export class ByteCursor {
  readonly bytes: Buffer;
  at: number;

  constructor(bytes: Buffer, at = 0) {
    this.bytes = bytes;
    this.at = at;
  }

  get left(): number {
    return this.bytes.length - this.at;
  }

  int8(): number {
    return this.bytes.readInt8(this.#move(1));
  }

  int16(): number {
    return this.bytes.readInt16BE(this.#move(2));
  }

  int32(): number {
    return this.bytes.readInt32BE(this.#move(4));
  }

  int64(): bigint {
    return this.bytes.readBigInt64BE(this.#move(8));
  }

  /** A view of so many bytes. */
  take(length: number): Buffer {
    if (length < 0 || length > this.left) throw new RangeError(`no ${length} bytes left`);
    return this.bytes.subarray(this.at, (this.at += length));
  }

  /** A 16-bit length and UTF-8; null is read as ''. */
  string(): string {
    return this.take(Math.max(0, this.int16())).toString('utf8');
  }

  /** A 32-bit count and so many items; null is read as none. */
  array<T>(readItem: () => T): T[] {
    const count = this.int32();
    const items: T[] = [];
    for (let index = 0; index < count; index += 1) items.push(readItem());
    return items;
  }

  /** A zigzag varint of 32 bits. */
  varint(): number {
    let raw = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.#byte();
      raw |= (byte & 0x7f) << shift;
      if (byte < 0x80) return (raw >>> 1) ^ -(raw & 1);
    }
    throw new RangeError('a varint of more than 32 bits');
  }

  /** A zigzag varint of 64 bits; exact up to 2^53. */
  varlong(): number {
    let raw = 0;
    for (let scale = 1; scale < 2 ** 70; scale *= 128) {
      const byte = this.#byte();
      raw += (byte & 0x7f) * scale;
      if (byte < 0x80) return raw % 2 === 0 ? raw / 2 : -(raw + 1) / 2;
    }
    throw new RangeError('a varint of more than 64 bits');
  }

  #byte(): number {
    const byte = this.bytes[this.at];
    if (byte === undefined) throw new RangeError('no bytes left');
    this.at += 1;
    return byte;
  }

  #move(length: number): number {
    const { at } = this;
    this.at += length;
    return at;
  }
}
