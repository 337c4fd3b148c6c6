/** What an amount holds in the store: `Decimal(38, 9)`, less the digit before the point that not every value of it has. */
export const WHOLE_DIGITS_MAX = 28;
export const FRACTION_DIGITS_MAX = 9;

/** A decimal text as an exact integer of 10⁻⁹ units. Throws on anything but digits with at most nine decimals. */
export function parseAmount(text: string): bigint {
  const match = /^(?<sign>-?)(?<whole>\d+)(?:\.(?<fraction>\d{1,9}))?$/u.exec(text);
  if (!match?.groups) throw new Error(`BUG: ${JSON.stringify(text)} is no amount`);
  const { sign = '', whole = '', fraction = '' } = match.groups;
  const units = BigInt(whole + fraction.padEnd(FRACTION_DIGITS_MAX, '0'));
  return sign === '-' ? -units : units;
}

/**
 * The units of a number as a person writes it, also as `1.5e3`; undefined for what is no number, and for a number with more
 * digits than the amount of an event has.
 */
export function readAmount(text: string): bigint | undefined {
  const groups = NUMBER.exec(text)?.groups;
  if (groups === undefined) return undefined;
  const { sign, whole = '', fraction = '', exponent = '0' } = groups;
  const digits = `${whole}${fraction}`.replace(/^0+/u, '');
  const kept = digits.replace(/0+$/u, '');
  if (kept === '') return 0n;
  const zeros =
    digits.length - kept.length + Number(exponent) - fraction.length + FRACTION_DIGITS_MAX;
  if (zeros < 0 || kept.length + zeros > WHOLE_DIGITS_MAX + FRACTION_DIGITS_MAX) return undefined;
  const units = BigInt(kept + '0'.repeat(zeros));
  return sign === '-' ? -units : units;
}

const NUMBER = /^(?<sign>-?)(?<whole>\d+)(?:\.(?<fraction>\d+))?(?:e(?<exponent>[+-]?\d{1,4}))?$/iu;

/** The way back, with at least two decimals. */
export function formatAmount(units: bigint): string {
  const sign = units < 0n ? '-' : '';
  const digits = String(units < 0n ? -units : units).padStart(FRACTION_DIGITS_MAX + 1, '0');
  const fraction = digits.slice(-FRACTION_DIGITS_MAX).replace(/0{1,7}$/u, '');
  return `${sign}${digits.slice(0, -FRACTION_DIGITS_MAX)}.${fraction}`;
}
