/** When nothing came through for so long, a batch is given up, as the Java client does. */
const DELIVERY_MS_MAX = 120_000;

/** A topic that was just made is known to all brokers within this time; one that was deleted will not be. */
const UNKNOWN_TOPIC_MS_MAX = 5_000;

/** Who wants to leave does not wait for a broker that is away. */
const CLOSING_MS_MAX = 10_000;

/** Before the next attempt, and twice as long each time. */
const BACKOFF_MS_MIN = 50;
const BACKOFF_MS_MAX = 1_000;

/** How long a producer goes on trying what fails. */
export class Patience {
  #deliveryMsMax = DELIVERY_MS_MAX;

  /** From now on what does not come through is given up soon. */
  hurry(): void {
    this.#deliveryMsMax = CLOSING_MS_MAX;
  }

  isOver({ failingMs, isUnknownTopic }: { failingMs: number; isUnknownTopic: boolean }): boolean {
    return failingMs >= (isUnknownTopic ? UNKNOWN_TOPIC_MS_MAX : this.#deliveryMsMax);
  }
}

/** How long to rest after so many attempts, 1 or more. */
export function backoffMs(attempts: number): number {
  return Math.min(BACKOFF_MS_MAX, BACKOFF_MS_MIN * 2 ** (attempts - 1));
}
