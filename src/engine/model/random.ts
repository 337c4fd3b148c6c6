/** A repeatable source of chance: one seed, one sequence. */
export interface Random {
  readonly seed: number;
  /** In [0, 1). */
  next(): number;
  /** In [0, limit). */
  integerBelow(limit: number): number;
}

/** Mulberry32 (Tommy Ettinger, public domain): 32 bits of state, good enough to choose crash points and to vary traffic. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return { seed, next, integerBelow: (limit) => Math.floor(next() * limit) };
}
