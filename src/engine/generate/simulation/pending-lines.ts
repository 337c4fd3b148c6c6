/** What was said but is not sent yet. A ring of milliseconds: adding and taking cost the same however much waits. */
export const RING_MS = 2 ** 16;

const NONE = -1;

/** Lines by the millisecond in which they are sent; those of one millisecond in the order in which they were added. */
export class PendingLines {
  /** First and last slot of each millisecond of the ring. */
  readonly #first = new Int32Array(RING_MS).fill(NONE);
  readonly #last = new Int32Array(RING_MS).fill(NONE);
  readonly #keys: string[] = [];
  readonly #values: (string | Buffer)[] = [];
  readonly #next: number[] = [];
  #free = NONE;
  #nextMs = 0;
  #count = 0;

  get count(): number {
    return this.#count;
  }

  /** The first millisecond that is not handed over yet. */
  get nextMs(): number {
    return this.#nextMs;
  }

  /** `sendMs` is not handed over yet, and less than RING_MS after what is. */
  add(sendMs: number, key: string, value: string | Buffer): void {
    if (sendMs < this.#nextMs || sendMs >= this.#nextMs + RING_MS) {
      throw new Error(`BUG: a line at ${sendMs} ms, while ${this.#nextMs} ms is next`);
    }
    const slot = this.#takeSlot();
    this.#keys[slot] = key;
    this.#values[slot] = value;
    this.#next[slot] = NONE;
    const at = sendMs % RING_MS;
    const last = this.#last[at] ?? NONE;
    if (last === NONE) this.#first[at] = slot;
    else this.#next[last] = slot;
    this.#last[at] = slot;
    this.#count += 1;
  }

  /** Hands over all lines before `untilMs`, in order; nothing may be added before that moment any more. */
  drain(
    untilMs: number,
    take: (sendMs: number, key: string, value: string | Buffer) => void,
  ): void {
    while (this.#nextMs < untilMs && this.#count > 0) {
      const at = this.#nextMs % RING_MS;
      let slot = this.#first[at] ?? NONE;
      if (slot !== NONE) {
        this.#first[at] = NONE;
        this.#last[at] = NONE;
        while (slot !== NONE) {
          take(this.#nextMs, this.#keys[slot] ?? '', this.#values[slot] ?? '');
          slot = this.#giveBack(slot);
        }
      }
      this.#nextMs += 1;
    }
    if (untilMs > this.#nextMs && untilMs !== Infinity) this.#nextMs = untilMs;
  }

  #takeSlot(): number {
    if (this.#free === NONE) return this.#next.length;
    const slot = this.#free;
    this.#free = this.#next[slot] ?? NONE;
    return slot;
  }

  /** Returns the slot that followed. */
  #giveBack(slot: number): number {
    const following = this.#next[slot] ?? NONE;
    // Not to keep the text alive until the slot is used again.
    this.#values[slot] = '';
    this.#next[slot] = this.#free;
    this.#free = slot;
    this.#count -= 1;
    return following;
  }
}
