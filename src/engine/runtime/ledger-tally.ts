import type { Chunk } from '../model/chunk.js';
import type { LedgerRange, LedgerSum, LedgerSums } from '../model/ledger-sum.js';

/**
 * What the ledger says of the chunks that this worker committed, each counted once. Kept are only the ends of what was not asked
 * for yet; that a shard is away moves the count to a later time.
 */
export class LedgerTally {
  readonly #ledger: LedgerSums;
  #pending = new Map<string, LedgerRange>();

  constructor(ledger: LedgerSums) {
    this.#ledger = ledger;
  }

  add({ topic, epoch, partition, shard, first }: Chunk): void {
    const name = `${topic}/${epoch}/${partition}/${shard}`;
    const known = this.#pending.get(name);
    this.#pending.set(name, {
      ...{ topic, epoch, partition, shard },
      first: known?.first ?? first,
      lastChunk: first,
    });
  }

  /** What came since the last call that resolved; rejects when a shard does not answer, and nothing is lost then. */
  async take(): Promise<readonly LedgerSum[]> {
    const taken = this.#pending;
    if (taken.size === 0) return [];
    this.#pending = new Map();
    try {
      return await this.#ledger.sumLedger([...taken.values()]);
    } catch (error) {
      for (const [name, range] of taken) {
        const newer = this.#pending.get(name);
        this.#pending.set(name, { ...range, lastChunk: newer?.lastChunk ?? range.lastChunk });
      }
      throw error;
    }
  }
}
