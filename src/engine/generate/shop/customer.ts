import { hash2, unitOf } from '../chance/hash.js';
import { PROVIDER_NAMES } from './service-name.js';

/** The first user's number in its id: all ids of a small shop have the same length. */
const FIRST_USER = 10_000;

const CURRENCIES = ['EUR', 'USD', 'GBP'] as const;
export type Currency = (typeof CURRENCIES)[number];
export const CURRENCY_NAMES: readonly Currency[] = CURRENCIES;

/** Which of the providers customers pay with, as shares up to 1. */
const PROVIDER_SHARES = [0.45, 0.75, 0.9, 1];

export function userIdOf(user: number): string {
  return `u-${FIRST_USER + user}`;
}

/** Index of the currency that a user pays in. */
export function currencyOf(seed: number, user: number): number {
  const unit = unitOf(hash2(seed ^ 0x0c0ffee, user));
  if (unit < 0.65) return 0;
  return unit < 0.85 ? 1 : 2;
}

/** Index of the provider that a user pays by: always the same, so that one provider's trouble hits the same users again. */
export function providerOf(seed: number, user: number): number {
  const unit = unitOf(hash2(seed ^ 0x7a11ed, user));
  const found = PROVIDER_SHARES.findIndex((share) => unit < share);
  return found < 0 ? PROVIDER_NAMES.length - 1 : found;
}
