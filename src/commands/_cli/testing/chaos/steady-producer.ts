import type { Queue, QueueMessage } from '../../../../engine/model/queue.js';

/** One record in so many is no JSON: every chunk has dead letters too. */
export const DEAD_EVERY = 211;

const TICK_MS = 50;
/** While the brokers hold us up, no more than so many ticks' events wait for their answer. */
const WAITING_MAX = 60;

/** Sends numbered events at an even rate, each exactly once, and counts what the queue has acknowledged. */
export class SteadyProducer implements AsyncDisposable {
  readonly #topic: string;
  readonly #rate: number;
  readonly #startMs = Date.now();
  #sent = 0;
  #acknowledged = 0;
  #waiting = 0;
  #failure: unknown;
  #timer: NodeJS.Timeout | undefined;
  readonly #producer: Awaited<ReturnType<Queue['createProducer']>>;

  private constructor(
    producer: Awaited<ReturnType<Queue['createProducer']>>,
    options: { topic: string; rate: number },
  ) {
    this.#producer = producer;
    this.#topic = options.topic;
    this.#rate = options.rate;
  }

  /** `rate`: events a second. */
  static async start(
    queue: Queue,
    options: { readonly topic: string; readonly rate: number },
  ): Promise<SteadyProducer> {
    const steady = new SteadyProducer(await queue.createProducer(), options);
    steady.#timer = setInterval(() => {
      steady.#tick();
    }, TICK_MS);
    return steady;
  }

  get acknowledged(): number {
    return this.#acknowledged;
  }

  /** Throws when the queue has refused anything: what is in doubt could not be counted. */
  check(): void {
    if (this.#failure === undefined) return;
    throw new Error('the queue refused events: their number is in doubt', { cause: this.#failure });
  }

  /** Sends no more; resolves with the number of events when all are acknowledged. */
  async finish(signal: AbortSignal): Promise<number> {
    clearInterval(this.#timer);
    while (this.#waiting > 0) {
      signal.throwIfAborted();
      await new Promise((resolve) => setTimeout(resolve, TICK_MS));
    }
    this.check();
    return this.#acknowledged;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    await this.#producer[Symbol.asyncDispose]();
  }

  #tick(): void {
    if (this.#waiting >= WAITING_MAX || this.#failure !== undefined) return;
    const count = Math.ceil((this.#rate * TICK_MS) / 1000);
    const messages = Array.from({ length: count }, (_, index) =>
      messageAt(this.#sent + index, this.#startMs),
    );
    this.#sent += count;
    this.#waiting += 1;
    this.#producer
      .send(this.#topic, messages)
      .then(
        () => {
          this.#acknowledged += count;
        },
        (error: unknown) => {
          this.#failure ??= error;
        },
      )
      .finally(() => {
        this.#waiting -= 1;
      });
  }
}

/** A log line, a span or a metric with its number in span_id, so that every table that an insert fills has rows. */
function messageAt(index: number, startMs: number): QueueMessage {
  const key = `op-${index % 50_000}`;
  if (index % DEAD_EVERY === 0) return { key, value: `not json ${index}` };
  const figure =
    index % 3 === 0
      ? { kind: 'span', type: 'request', operation: 'buy', duration_ms: index % 977, status: 'ok' }
      : index % 3 === 1
        ? { kind: 'metric', type: 'metric', metric: 'chaos.size', value: index % 89, unit: 'By' }
        : { kind: 'log', type: 'log', line: index % 400, file: 'src/payment/gateway.ts' };
  const value = JSON.stringify({
    ts: new Date(startMs + (index % 60_000)).toISOString(),
    ...figure,
    level: index % 50 === 0 ? 'error' : 'info',
    service: SERVICES[index % SERVICES.length],
    host: `host-${index % 12}`,
    message: `attempt ${index} of the payment was answered by the provider after a while`,
    op_id: key,
    span_id: `n-${index}`,
    user_id: `user-${index % 9_000}`,
    session_id: `session-${index % 3_000}`,
  });
  return { key, value };
}

const SERVICES = ['gateway', 'order', 'payment', 'reservation'];
