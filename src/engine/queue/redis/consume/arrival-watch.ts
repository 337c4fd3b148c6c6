import type { Clock } from '../../../model/clock.js';
import { idOfOffset } from '../entry-id.js';
import type { RedisLink, Reply } from '../link/redis-link.js';

/** One look of the server at all streams that are waited for; a stream that is asked for meanwhile waits this long at most. */
const BLOCK_MS = 100;

/** Before the next look when the server is away. */
const RETRY_MS = 250;

interface Waiter {
  readonly stream: string;
  readonly offset: bigint;
  readonly wake: () => void;
}

/** Tells when entries arrive: one blocked XREAD for everybody, on a connection of its own. It only wakes; XRANGE reads. */
export class ArrivalWatch {
  readonly #link: RedisLink;
  readonly #clock: Clock;
  readonly #waiters = new Set<Waiter>();
  #isLooking = false;

  constructor(link: RedisLink, clock: Clock) {
    this.#link = link;
    this.#clock = clock;
  }

  /** Resolves when the stream has an entry at or after `offset`, or `waitMs` have passed; rejects with the signal's reason. */
  async wait(
    { stream, offset }: { readonly stream: string; readonly offset: bigint },
    waitMs: number,
    signal: AbortSignal,
  ): Promise<void> {
    const isHere = new AbortController();
    const wake = (): void => {
      isHere.abort();
    };
    const waiter: Waiter = { stream, offset, wake };
    this.#waiters.add(waiter);
    if (!this.#isLooking) void this.#look();
    try {
      await this.#clock
        .sleep(waitMs, AbortSignal.any([signal, isHere.signal]))
        .catch(() => undefined);
      signal.throwIfAborted();
    } finally {
      this.#waiters.delete(waiter);
    }
  }

  /** Never rejects. */
  async #look(): Promise<void> {
    this.#isLooking = true;
    while (this.#waiters.size > 0) {
      try {
        await this.#lookOnce([...this.#waiters]);
      } catch {
        // Who waits reads again when its time is over, and gets the error then.
        await this.#clock.sleep(RETRY_MS);
      }
    }
    this.#isLooking = false;
  }

  async #lookOnce(waiters: readonly Waiter[]): Promise<void> {
    const earliest = new Map<string, bigint>();
    for (const { stream, offset } of waiters) {
      const other = earliest.get(stream);
      if (other === undefined || offset < other) earliest.set(stream, offset);
    }
    const streams = [...earliest.keys()];
    const ids = [...earliest.values()].map(lastBefore);
    const args = ['XREAD', 'COUNT', '1', 'BLOCK', String(BLOCK_MS), 'STREAMS', ...streams, ...ids];
    const reply = await this.#link.once(args, 'wait for new entries');
    const arrived = new Set(((reply ?? []) as readonly Reply[]).map(nameOf));
    for (const waiter of waiters) if (arrived.has(waiter.stream)) waiter.wake();
  }
}

/** XREAD gives what comes after an ID. */
function lastBefore(offset: bigint): string {
  return offset === 0n ? '0-0' : idOfOffset(offset - 1n);
}

function nameOf(stream: Reply): string {
  const [name] = stream as readonly Reply[];
  return String(name);
}
