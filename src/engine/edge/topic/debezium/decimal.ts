/** More digits than any column of a database has; what is longer is not looked into. */
const DIGITS_MAX = 100;

/** Bytes of so many digits. */
const BYTES_MAX = 42;

/**
 * The decimal that Kafka Connect writes as the base64 of an unscaled integer (big endian, two's complement): "MDk=" at the scale 2 is
 * "123.45". undefined for what is none.
 */
export function decimalOf(base64: string, scale: number): string | undefined {
  if (!Number.isInteger(scale) || Math.abs(scale) > DIGITS_MAX) return undefined;
  if (base64.length > 2 * BYTES_MAX || !/^[A-Za-z\d+/]+={0,2}$/.test(base64)) return undefined;
  const bytes = Buffer.from(base64, 'base64');
  if (bytes.length === 0 || bytes.length > BYTES_MAX) return undefined;
  const unscaled = BigInt.asIntN(bytes.length * 8, BigInt(`0x${bytes.toString('hex')}`));
  return withPoint(unscaled, scale);
}

function withPoint(unscaled: bigint, scale: number): string {
  const sign = unscaled < 0n ? '-' : '';
  const digits = (unscaled < 0n ? -unscaled : unscaled).toString();
  if (scale <= 0) return `${sign}${unscaled === 0n ? '0' : digits + '0'.repeat(-scale)}`;
  const padded = digits.padStart(scale + 1, '0');
  return `${sign}${padded.slice(0, -scale)}.${padded.slice(-scale)}`;
}
