import { formatAmount, parseAmount } from '../../engine/model/amount.js';
import type { Cell, CellKind } from '../../engine/model/question/answer.js';

/** A cell of an answer out of what the server sends for it. */
export function decodeCell(kind: CellKind, value: unknown): Cell {
  if (value === null || value === undefined) return null;
  switch (kind) {
    case 'count':
    case 'bytes':
      return Number(value);
    case 'number':
    case 'share':
    case 'duration':
      // Nothing to measure: the server's answer to an average of nothing.
      return Number.isFinite(Number(value)) ? Number(value) : null;
    case 'decimal':
      return formatAmount(parseAmount(value as string));
    case 'money':
      return Object.fromEntries(
        Object.entries(value as Record<string, string>)
          .toSorted(([a], [b]) => (a < b ? -1 : 1))
          .map(([currency, amount]) => [currency, formatAmount(parseAmount(amount))]),
      );
    case 'time':
      return BigInt(value as string);
    case 'text':
      return value as string;
    case 'truth':
      return Number(value) === 1;
    case 'list':
      return value as string[];
  }
}
