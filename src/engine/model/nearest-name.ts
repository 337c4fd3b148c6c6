/**
 * The name a person most likely meant, or undefined when none is close: the same but for case, or a few typing
 * errors away. Ties go to the earlier name.
 */
export function nearestName(given: string, names: readonly string[]): string | undefined {
  const wanted = given.toLowerCase();
  // A longer name bears more errors; half of a short one would match anything.
  let distanceMax = Math.min(ERRORS_MAX, Math.ceil(wanted.length / 3));
  if (wanted.length > NAME_LENGTH_MAX) return undefined;
  let nearest: string | undefined;
  for (const name of names) {
    const distance = editDistance(wanted, name.toLowerCase());
    if (distance > distanceMax) continue;
    nearest = name;
    distanceMax = distance - 1;
  }
  return nearest;
}

/** More errors than this and it is another name. */
const ERRORS_MAX = 3;

/** No name of ours is longer; bounds the work for pasted text. */
const NAME_LENGTH_MAX = 40;

/** Insertions, deletions, replacements and swaps of neighbours (optimal string alignment). */
function editDistance(a: string, b: string): number {
  let beforePrevious: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const current = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      let best = Math.min(
        (previous[j] ?? 0) + 1,
        (current[j - 1] ?? 0) + 1,
        (previous[j - 1] ?? 0) + cost,
      );
      const isSwap = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (isSwap) best = Math.min(best, (beforePrevious[j - 2] ?? 0) + 1);
      current.push(best);
    }
    beforePrevious = previous;
    previous = current;
  }
  return previous[b.length] ?? 0;
}
