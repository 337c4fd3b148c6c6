/** What an amount can hold, as the store keeps it: `Decimal(38, 9)`, less the digit that not every value of it has. */
export const WHOLE_DIGITS_MAX = 28;
export const FRACTION_DIGITS_MAX = 9;

const SHAPE = /^(?<sign>-?)(?<whole>\d+)(?:\.(?<fraction>\d+))?(?:e(?<exponent>[+-]?\d{1,4}))?$/iu;

/**
 * A decimal as a count of its smallest unit (10^-9), exact; undefined for a text that is no number, and for a number
 * with more digits than an amount has.
 */
export function decimalUnits(text: string): bigint | undefined {
  const groups = SHAPE.exec(text)?.groups;
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

/** The text of a count of smallest units, with no more digits than it needs. */
export function formatDecimal(units: bigint): string {
  const digits = String(units < 0n ? -units : units).padStart(FRACTION_DIGITS_MAX + 1, '0');
  const whole = digits.slice(0, -FRACTION_DIGITS_MAX);
  const fraction = digits.slice(-FRACTION_DIGITS_MAX).replace(/0+$/u, '');
  return `${units < 0n ? '-' : ''}${whole}${fraction === '' ? '' : `.${fraction}`}`;
}
