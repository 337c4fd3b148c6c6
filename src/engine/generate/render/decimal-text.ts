const TWO_DIGITS = Array.from({ length: 100 }, (_, index) => String(index).padStart(2, '0'));

/** `129.90` of 12990 minor units. */
export function decimalText(minorUnits: number): string {
  return `${Math.floor(minorUnits / 100)}.${TWO_DIGITS[minorUnits % 100] ?? ''}`;
}
