import type { Random } from '../model/random.js';

/** Picks a name as often as its weight says, relative to the others. At least one weight is above 0. */
export function createMix<Name extends string>(
  weights: Readonly<Partial<Record<Name, number>>>,
): (random: Random) => Name {
  const entries = (Object.entries(weights) as [Name, number][]).filter(([, weight]) => weight > 0);
  const total = entries.reduce((sum, [, weight]) => sum + weight, 0);
  const last = entries.at(-1);
  if (last === undefined) throw new Error('BUG: a mix of nothing');
  return function pickFromMix(random) {
    let rest = random.next() * total;
    for (const [name, weight] of entries) {
      rest -= weight;
      if (rest < 0) return name;
    }
    return last[0];
  };
}
