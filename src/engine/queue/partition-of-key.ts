/** Seed, multiplier and shift of murmur2 as Kafka's Java client uses them (org.apache.kafka.common.utils.Utils). */
const SEED = 0x9747b28c;
const MULTIPLIER = 0x5bd1e995;
const SHIFT = 24;

/** The partition Kafka's Java client picks for a key, so that both queues keep a key in one place. */
export function partitionOfKey(key: Uint8Array, partitionCount: number): number {
  return (murmur2(key) & 0x7fffffff) % partitionCount;
}

/** MurmurHash 2, 32 bits, signed as in Java. */
export function murmur2(bytes: Uint8Array): number {
  const { length } = bytes;
  const view = new DataView(bytes.buffer, bytes.byteOffset, length);
  const wordsEnd = length & ~3;
  let hash = SEED ^ length;
  for (let index = 0; index < wordsEnd; index += 4) {
    let word = Math.imul(view.getInt32(index, true), MULTIPLIER);
    word = Math.imul(word ^ (word >>> SHIFT), MULTIPLIER);
    hash = Math.imul(hash, MULTIPLIER) ^ word;
  }
  const rest = length & 3;
  if (rest > 2) hash ^= view.getUint8(wordsEnd + 2) << 16;
  if (rest > 1) hash ^= view.getUint8(wordsEnd + 1) << 8;
  if (rest > 0) hash = Math.imul(hash ^ view.getUint8(wordsEnd), MULTIPLIER);
  hash = Math.imul(hash ^ (hash >>> 13), MULTIPLIER);
  return (hash ^ (hash >>> 15)) | 0;
}
