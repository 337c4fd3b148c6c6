import { hash3, uniqueHex16 } from '../chance/hash.js';

/** One visit of one customer. */
export class Session {
  readonly number: number;
  readonly user: number;
  /** Of all chance of this visit. */
  readonly seed: number;
  purpose: 'viewing' | 'buying' = 'viewing';
  /** Steps so far: the number of the next one's seed. */
  stepCount = 0;
  /** Of the first and last record sent. By a clock that is slow they may lie before the start of the run. */
  firstUs = Infinity;
  lastUs = -Infinity;
  eventCount = 0;
  /** No step will follow. */
  isOver = false;
  /** Actions that are not done yet. */
  openActionCount = 0;
  #id = '';
  readonly #shopSeed: number;

  constructor(shopSeed: number, number: number, user: number) {
    this.#shopSeed = shopSeed;
    this.number = number;
    this.user = user;
    this.seed = hash3(shopSeed ^ 0x5e5510, number >>> 0, Math.floor(number / 2 ** 32));
  }

  get id(): string {
    if (this.#id === '') this.#id = `s-${uniqueHex16(this.#shopSeed ^ 0x1d, this.number)}`;
    return this.#id;
  }

  /** A record of it with this event time is sent so many times. */
  note(atUs: number, copies: number): void {
    this.eventCount += copies;
    if (atUs < this.firstUs) this.firstUs = atUs;
    if (atUs > this.lastUs) this.lastUs = atUs;
  }
}
