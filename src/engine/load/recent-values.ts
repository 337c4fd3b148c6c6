import type { Random } from '../model/random.js';

/** The last `sizeMax` values that passed, to pick one from; memory is bounded. */
export class RecentValues {
  readonly #values: string[] = [];
  readonly #sizeMax: number;
  #oldest = 0;

  constructor(sizeMax: number) {
    this.#sizeMax = sizeMax;
  }

  add(value: string): void {
    if (this.#values.length < this.#sizeMax) {
      this.#values.push(value);
      return;
    }
    this.#values[this.#oldest] = value;
    this.#oldest = (this.#oldest + 1) % this.#sizeMax;
  }

  /** undefined while there is none. */
  pick(random: Random): string | undefined {
    return this.#values[random.integerBelow(this.#values.length)];
  }
}
