import { describe, expect, it } from 'vitest';
import { findReadingEnd } from './reading-end.js';

async function find(newestNs: bigint, lastOfUnendedNs: bigint) {
  const looks: bigint[] = [];
  const end = await findReadingEnd({
    toNs: 100n,
    pauseNs: 10n,
    newestNs,
    countUnended: (untilNs) => {
      looks.push(untilNs);
      return Promise.resolve(lastOfUnendedNs + 10n >= untilNs ? 1 : 0);
    },
  });
  return { end, looks };
}

describe('findReadingEnd', () => {
  it('reads to the last event where that is near, without a look', async () => {
    expect(await find(119n, 0n)).toEqual({ end: null, looks: [] });
  });

  it('reads two pauses on where all has ended by then', async () => {
    expect(await find(1_000_000n, 109n)).toEqual({ end: 120n, looks: [120n] });
  });

  it('reads on, twice as far each time, until all has ended', async () => {
    expect(await find(1_000_000n, 150n)).toEqual({ end: 180n, looks: [120n, 140n, 180n] });
  });

  it('ends with the last event where something never ends', async () => {
    expect(await find(300n, 300n)).toEqual({ end: null, looks: [120n, 140n, 180n, 260n] });
  });
});
