const US_PER_SECOND = 1_000_000;
const SECONDS_KEPT = 256;

const THREE_DIGITS = Array.from({ length: 1000 }, (_, index) => String(index).padStart(3, '0'));

/** RFC 3339 with microseconds of offsets from a start. Seconds are written once and kept: events come close together. */
export class TimestampText {
  readonly #fromMs: number;
  /** Microseconds by which the start is past a whole second. */
  readonly #restUs: number;
  readonly #seconds = new Array<string>(SECONDS_KEPT).fill('');
  readonly #keptSecond = new Float64Array(SECONDS_KEPT).fill(NaN);

  constructor(fromMs: number) {
    this.#restUs = (((fromMs % 1000) + 1000) % 1000) * 1000;
    this.#fromMs = fromMs - this.#restUs / 1000;
  }

  of(offsetUs: number): string {
    const us = offsetUs + this.#restUs;
    const second = Math.floor(us / US_PER_SECOND);
    const rest = us - second * US_PER_SECOND;
    const ms = Math.floor(rest / 1000);
    return (
      this.#secondText(second) +
      (THREE_DIGITS[ms] ?? '') +
      (THREE_DIGITS[rest - ms * 1000] ?? '') +
      'Z'
    );
  }

  #secondText(second: number): string {
    const slot = second & (SECONDS_KEPT - 1);
    if (this.#keptSecond[slot] === second) return this.#seconds[slot] ?? '';
    const text = new Date(this.#fromMs + second * 1000).toISOString().slice(0, 20);
    this.#keptSecond[slot] = second;
    this.#seconds[slot] = text;
    return text;
  }
}
