import { createHash } from 'node:crypto';

/**
 * Chance as an argument: a number in [0, 1) that depends on nothing but its words, so that one seed
 * tells one story, whichever request happens to come first.
 */
export function chanceOf(...words) {
  const digest = createHash('sha256').update(words.join('\0')).digest();
  return digest.readUIntBE(0, 6) / 2 ** 48;
}

/** A stream of such numbers, with the few draws that a plan needs. */
export class SeededRandom {
  #words;
  #drawCount = 0;

  constructor(...words) {
    this.#words = words;
  }

  /** In [0, 1). */
  next() {
    this.#drawCount += 1;
    return chanceOf(...this.#words, this.#drawCount);
  }

  /** An integer, both bounds inclusive. */
  integer(min, max) {
    return min + Math.floor(this.next() * (max - min + 1));
  }

  isTrue(probability) {
    return this.next() < probability;
  }

  hex(digitCount) {
    let digits = '';
    while (digits.length < digitCount)
      digits += this.integer(0, 0xffff).toString(16).padStart(4, '0');
    return digits.slice(0, digitCount);
  }
}
