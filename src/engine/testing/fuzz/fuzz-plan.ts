/** A number of strings that are made of one seed, so that a failure can be seen again alone. */
export interface FuzzRound {
  readonly seed: number;
  readonly stringCount: number;
}

/**
 * Rounds of at most so many strings each, their seeds one after the other. ATBD_FUZZ_STRINGS=1000000 asks for more than
 * `stringCount`; ATBD_FUZZ_SEED begins with another seed than 1.
 */
export function fuzzRounds(stringCount: number, roundSize: number): readonly FuzzRound[] {
  const wanted = Number(process.env['ATBD_FUZZ_STRINGS'] ?? stringCount);
  const firstSeed = Number(process.env['ATBD_FUZZ_SEED'] ?? 1);
  return Array.from({ length: Math.ceil(wanted / roundSize) }, (_, round) => ({
    seed: firstSeed + round,
    stringCount: Math.min(roundSize, wanted - round * roundSize),
  }));
}
