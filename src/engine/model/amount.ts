/** Digits after the point that the store keeps of an amount. */
const SCALE = 9;

/** A decimal text as an exact integer of 10⁻⁹ units. Throws on anything but digits with at most nine decimals. */
export function parseAmount(text: string): bigint {
  const match = /^(?<sign>-?)(?<whole>\d+)(?:\.(?<fraction>\d{1,9}))?$/u.exec(text);
  if (!match?.groups) throw new Error(`BUG: ${JSON.stringify(text)} is no amount`);
  const { sign = '', whole = '', fraction = '' } = match.groups;
  const units = BigInt(whole + fraction.padEnd(SCALE, '0'));
  return sign === '-' ? -units : units;
}

/** The way back, with at least two decimals. */
export function formatAmount(units: bigint): string {
  const sign = units < 0n ? '-' : '';
  const digits = String(units < 0n ? -units : units).padStart(SCALE + 1, '0');
  const fraction = digits.slice(-SCALE).replace(/0{1,7}$/u, '');
  return `${sign}${digits.slice(0, -SCALE)}.${fraction}`;
}
