import type { RecordBatchBytes } from './record-batch-bytes.js';

/** All batches of one `send`: they succeed or fail together. */
export class Delivery {
  #left = 0;
  #failure: { readonly error: unknown } | undefined;
  #isComplete = false;
  readonly #settled: Promise<void>;
  #settle: () => void = () => undefined;

  constructor() {
    this.#settled = new Promise((resolve) => {
      this.#settle = resolve;
    });
  }

  expect(batchCount: number): void {
    this.#left += batchCount;
  }

  done(): void {
    this.#left -= 1;
    this.#settleWhenOver();
  }

  fail(error: unknown): void {
    this.#failure ??= { error };
    this.done();
  }

  /** Resolves when all that was expected is done; rejects, with the first failure, when nothing is on its way any more. */
  async over(): Promise<void> {
    this.#isComplete = true;
    this.#settleWhenOver();
    await this.#settled;
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  #settleWhenOver(): void {
    if (this.#isComplete && this.#left === 0) this.#settle();
  }
}

/** A batch that is not confirmed yet. */
export interface PendingBatch extends RecordBatchBytes {
  readonly delivery: Delivery;
}
