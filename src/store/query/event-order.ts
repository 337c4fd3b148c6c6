import type { EventRow } from './event-columns.js';

/** The order of the table's own key, so that a page reads no more than it shows. */
export const ORDER_KEY = ['ts', 'topic', 'epoch', 'partition', 'offset', 'item'] as const;

/** Compares rows by their first columns, which are those of the key, as the server orders them: oldest first. */
export function compareByKey(a: EventRow, b: EventRow): number {
  return (
    compareIntegers(a['c0'], b['c0']) ||
    compareTexts(a['c1'], b['c1']) ||
    Number(a['c2']) - Number(b['c2']) ||
    Number(a['c3']) - Number(b['c3']) ||
    compareIntegers(a['c4'], b['c4']) ||
    Number(a['c5']) - Number(b['c5'])
  );
}

/** 64-bit integers come as text. */
function compareIntegers(a: unknown, b: unknown): number {
  if (a === b) return 0;
  return BigInt(a as string) < BigInt(b as string) ? -1 : 1;
}

/** The server orders texts by their bytes. */
function compareTexts(a: unknown, b: unknown): number {
  return a === b ? 0 : Buffer.compare(Buffer.from(a as string), Buffer.from(b as string));
}
