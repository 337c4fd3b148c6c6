/** Few enough that each still gets a good part of the machine. */
const WIDTH = 4;

/**
 * Asks about each item, a few at once, and judges their answers one after the other when all of the few are there: `ask` gives
 * what judges. A recount holds up whatever else this process waits for, and a server that owes a sign of life would seem to be away.
 */
export async function askAtOnce<T>(
  items: readonly T[],
  ask: (item: T, index: number) => Promise<() => void>,
): Promise<void> {
  for (let at = 0; at < items.length; at += WIDTH) {
    const few = items.slice(at, at + WIDTH);
    const judges = await Promise.all(few.map((item, index) => ask(item, at + index)));
    for (const judge of judges) judge();
  }
}
