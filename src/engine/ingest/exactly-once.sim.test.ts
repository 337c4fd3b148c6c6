import { describe, expect, it } from 'vitest';
import { type Break, IngestWorld } from './testing/ingest-world.js';

const SEED_COUNT = Number(process.env['ATBD_SIM_SEEDS'] ?? '5000');

/** Each break shows within so many histories. */
const BREAK_SEEDS = 500;

async function firstFault(
  seedCount: number,
  broken?: Break,
): Promise<{ readonly seed: number; readonly faults: readonly string[] } | undefined> {
  for (let seed = 1; seed <= seedCount; seed += 1) {
    const faults = await new IngestWorld(seed, broken).play();
    if (faults.length > 0) return { seed, faults };
  }
  return undefined;
}

describe('exactly once', () => {
  // A history that once found something is kept by its seed: all of the first 5,000 are played each time.
  it(`holds in ${SEED_COUNT} histories of crashes, zombies, kills, lost and late answers`, async () => {
    expect(await firstFault(SEED_COUNT)).toBeUndefined();
  }, 240_000);

  it('lets workers go at every moment of a chunk', async () => {
    const sums = { idle: 0, announced: 0, betweenTargets: 0, filled: 0 };
    for (let seed = 1; seed <= BREAK_SEEDS; seed += 1) {
      const world = new IngestWorld(seed);
      await world.play();
      for (const [moment, count] of Object.entries(world.hits)) {
        sums[moment as keyof typeof sums] += count;
      }
    }
    expect(Math.min(...Object.values(sums)), JSON.stringify(sums)).toBeGreaterThan(
      BREAK_SEEDS / 10,
    );
  });

  it.each<Break>([
    'an open chunk is not sent again',
    'a chunk is cut anew after an error',
    'the commit does not wait for the insert',
    'who lost the partition may commit',
    'a shard keeps tokens without rows',
  ])('is seen to be broken when %s', async (broken) => {
    expect(await firstFault(BREAK_SEEDS, broken)).toBeDefined();
  });

  it('plays one history the same way each time', async () => {
    const broken = 'a shard keeps tokens without rows';
    const first = await firstFault(BREAK_SEEDS, broken);
    expect(await new IngestWorld(first!.seed, broken).play()).toEqual(first!.faults);
  });
});
