import { expect, it } from 'vitest';
import type { Chunk } from '../model/chunk.js';
import type { LedgerRange, LedgerSum } from '../model/ledger-sum.js';
import { LedgerTally } from './ledger-tally.js';

function chunkAt(first: bigint, last: bigint, epoch = 1): Chunk {
  return { topic: 'events', epoch, partition: 0, first, last, shard: 2, runs: [] };
}

/** A ledger that notes what it is asked, and fails as often as told. */
function fakeLedger(failures = 0) {
  const asked: (readonly LedgerRange[])[] = [];
  let left = failures;
  return {
    asked,
    sumLedger: (ranges: readonly LedgerRange[]): Promise<readonly LedgerSum[]> => {
      asked.push(ranges);
      if (left-- > 0) return Promise.reject(new Error('the shard is away'));
      return Promise.resolve([]);
    },
  };
}

const range = { topic: 'events', epoch: 1, partition: 0, shard: 2 };

it('asks once for chunks that follow each other, and never again', async () => {
  const ledger = fakeLedger();
  const tally = new LedgerTally(ledger);
  tally.add(chunkAt(0n, 9n));
  tally.add(chunkAt(10n, 19n));
  await tally.take();
  await tally.take();
  tally.add(chunkAt(20n, 29n));
  await tally.take();
  expect(ledger.asked).toEqual([
    [{ ...range, first: 0n, lastChunk: 10n }],
    [{ ...range, first: 20n, lastChunk: 20n }],
  ]);
});

it('asks again for what a shard did not say, together with what came since', async () => {
  const ledger = fakeLedger(1);
  const tally = new LedgerTally(ledger);
  tally.add(chunkAt(0n, 9n));
  const failing = tally.take();
  tally.add(chunkAt(10n, 19n));
  await expect(failing).rejects.toThrow('the shard is away');
  await tally.take();
  expect(ledger.asked[1]).toEqual([{ ...range, first: 0n, lastChunk: 10n }]);
});

it('keeps epochs apart', async () => {
  const ledger = fakeLedger();
  const tally = new LedgerTally(ledger);
  tally.add(chunkAt(100n, 109n));
  tally.add(chunkAt(0n, 9n, 2));
  await tally.take();
  expect(ledger.asked[0]).toEqual([
    { ...range, first: 100n, lastChunk: 100n },
    { ...range, epoch: 2, first: 0n, lastChunk: 0n },
  ]);
});
