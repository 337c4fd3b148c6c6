/** Seed, multiplier and shift of murmur2 as Kafka's Java client uses them (org.apache.kafka.common.utils.Utils). */
const SEED = 0x9747b28c;
const MULTIPLIER = 0x5bd1e995;
const SHIFT = 24;

/** The partition Kafka's Java client picks for a key, so that both queues keep a key in one place. */
export function partitionOfKey(key: Uint8Array, partitionCount: number): number {
  return (murmur2(key) & 0x7fffffff) % partitionCount;
}

/** Keyless messages go to one partition for this many in a row: whole blocks, yet all partitions get some. */
const KEYLESS_RUN = 512;

/** Where messages without a key go, one after the other. */
export class KeylessTurn {
  #count: number;

  /** `start` should differ from producer to producer: short-lived ones must not all begin at partition 0. */
  constructor(start: number) {
    this.#count = start * KEYLESS_RUN;
  }

  next(partitionCount: number): number {
    const partition = Math.floor(this.#count / KEYLESS_RUN) % partitionCount;
    this.#count += 1;
    return partition;
  }
}

/** MurmurHash 2, 32 bits, signed as in Java. Byte by byte: to make a DataView of each key took three times as long. */
export function murmur2(bytes: Uint8Array): number {
  const { length } = bytes;
  const wordsEnd = length & ~3;
  let hash = SEED ^ length;
  for (let at = 0; at < wordsEnd; at += 4) {
    const word = Math.imul(wordAt(bytes, at), MULTIPLIER);
    hash = Math.imul(hash, MULTIPLIER) ^ Math.imul(word ^ (word >>> SHIFT), MULTIPLIER);
  }
  // Up to three bytes are left, and those behind the end count as zero.
  if (wordsEnd < length) hash = Math.imul(hash ^ wordAt(bytes, wordsEnd), MULTIPLIER);
  hash = Math.imul(hash ^ (hash >>> 13), MULTIPLIER);
  return (hash ^ (hash >>> 15)) | 0;
}

/** Four bytes, little endian. */
function wordAt(bytes: Uint8Array, at: number): number {
  return (
    (bytes[at] ?? 0) |
    ((bytes[at + 1] ?? 0) << 8) |
    ((bytes[at + 2] ?? 0) << 16) |
    ((bytes[at + 3] ?? 0) << 24)
  );
}
