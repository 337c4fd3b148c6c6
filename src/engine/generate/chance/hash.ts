/** Murmur3's finaliser: a bijection of 32 bits in which each input bit moves about half of the output. */
export function mix32(value: number): number {
  let mixed = value | 0;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}

/** A number of 32 bits that depends on both; order matters. */
export function hash2(first: number, second: number): number {
  return mix32(Math.imul(mix32(first) ^ 0x9e3779b9, 0x85ebca77) + second);
}

/** A number of 32 bits that depends on all three; order matters. */
export function hash3(first: number, second: number, third: number): number {
  return hash2(hash2(first, second), third);
}

/** [0, 1) of a hash. */
export function unitOf(hash: number): number {
  return hash / 2 ** 32;
}

const HEX2 = Array.from({ length: 256 }, (_, index) => index.toString(16).padStart(2, '0'));

/** Eight hexadecimal digits. */
export function hex8(value: number): string {
  return (
    (HEX2[value >>> 24] ?? '') +
    (HEX2[(value >>> 16) & 0xff] ?? '') +
    (HEX2[(value >>> 8) & 0xff] ?? '') +
    (HEX2[value & 0xff] ?? '')
  );
}

/** Four hexadecimal digits of the lower 16 bits. */
export function hex4(value: number): string {
  return (HEX2[(value >>> 8) & 0xff] ?? '') + (HEX2[value & 0xff] ?? '');
}

const FEISTEL_ROUNDS = 4;

/** Sixteen hexadecimal digits that look random and are different for every whole number below 2^53 (under one seed). */
export function uniqueHex16(seed: number, value: number): string {
  let left = Math.floor(value / 2 ** 32) >>> 0;
  let right = value >>> 0;
  // A Feistel network can be undone whatever its inner function is, so no two numbers share a text.
  for (let round = 0; round < FEISTEL_ROUNDS; round += 1) {
    const next = (left ^ hash3(seed, round, right)) >>> 0;
    left = right;
    right = next;
  }
  return hex8(left) + hex8(right);
}
