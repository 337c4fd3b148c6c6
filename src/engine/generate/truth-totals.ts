import { LEVELS } from '../model/event.js';
import { decimalText } from './render/decimal-text.js';
import { EVENT_TYPES, STATUSES } from './render/event-type.js';
import { CURRENCY_NAMES } from './shop/customer.js';
import { NODE_SERVICE } from './shop/fleet.js';
import { SERVICE_NAMES } from './shop/service-name.js';
import type { AmountTotal, SentTotals, StatusTotal } from './truth.js';

const SERVICE_COUNT = SERVICE_NAMES.length + 1;

/** Counts what is sent, in whole numbers by index: a few additions an event. */
export class TruthTotals {
  total = 0;
  duplicated = 0;
  late = 0;
  outOfOrder = 0;
  skewed = 0;
  silenced = 0;
  readonly #poison = new Map<string, number>();
  readonly #byService = new Float64Array(SERVICE_COUNT);
  readonly #byLevel = new Float64Array(LEVELS.length);
  readonly #byTypeAndStatus = new Float64Array(EVENT_TYPES.length * STATUSES.length);
  /** Minor units: exact up to 2^53, ninety trillion of a currency. */
  readonly #amounts = new Float64Array(EVENT_TYPES.length * CURRENCY_NAMES.length);

  countLevel(level: number, copies: number): void {
    this.#byLevel[level] = (this.#byLevel[level] ?? 0) + copies;
  }

  countEvent(service: number, type: number, status: number, copies: number): void {
    this.total += copies;
    this.#byService[service] = (this.#byService[service] ?? 0) + copies;
    const at = type * STATUSES.length + status;
    this.#byTypeAndStatus[at] = (this.#byTypeAndStatus[at] ?? 0) + copies;
  }

  countAmount(type: number, currency: number, minorUnits: number): void {
    const at = type * CURRENCY_NAMES.length + currency;
    this.#amounts[at] = (this.#amounts[at] ?? 0) + minorUnits;
  }

  countPoison(reason: string): void {
    this.total += 1;
    this.#poison.set(reason, (this.#poison.get(reason) ?? 0) + 1);
  }

  sent(): SentTotals {
    const { total, duplicated, late, outOfOrder, skewed, silenced } = this;
    const byTypeAndStatus = this.#statusTotals();
    const typeCounts = EVENT_TYPES.map((_, type) =>
      this.#byTypeAndStatus
        .subarray(type * STATUSES.length, (type + 1) * STATUSES.length)
        .reduce((sum, count) => sum + count, 0),
    );
    return {
      total,
      duplicated,
      late,
      outOfOrder,
      skewed,
      silenced,
      poison: Object.fromEntries([...this.#poison].toSorted()),
      byType: presentCounts(EVENT_TYPES, typeCounts),
      byService: presentCounts([...SERVICE_NAMES, NODE_SERVICE], [...this.#byService]),
      byLevel: presentCounts(LEVELS, [...this.#byLevel]),
      byTypeAndStatus,
    };
  }

  amounts(): AmountTotal[] {
    return EVENT_TYPES.flatMap((type, typeIndex) =>
      CURRENCY_NAMES.map((currency, index) => ({
        type,
        currency,
        minorUnits: this.#amounts[typeIndex * CURRENCY_NAMES.length + index] ?? 0,
      })),
    )
      .filter(({ minorUnits }) => minorUnits > 0)
      .map(({ type, currency, minorUnits }) => ({
        type,
        currency,
        amount: decimalText(minorUnits),
      }));
  }

  #statusTotals(): StatusTotal[] {
    return EVENT_TYPES.flatMap((type, typeIndex) =>
      STATUSES.map((status, index) => ({
        type,
        status,
        count: this.#byTypeAndStatus[typeIndex * STATUSES.length + index] ?? 0,
      })),
    ).filter(({ status, count }) => status !== '' && count > 0);
  }
}

function presentCounts(
  names: readonly string[],
  counts: readonly number[],
): Readonly<Record<string, number>> {
  return Object.fromEntries(
    names
      .map((name, index) => [name, counts[index] ?? 0] as const)
      .filter(([, count]) => count > 0),
  );
}
