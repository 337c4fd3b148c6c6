const SIZES = ['KiB', 'MiB', 'GiB', 'TiB'];

/** Bytes in the largest unit that leaves a digit before the point: 1.5 KiB, 12 MiB. */
export function sizeText(bytes: number): string {
  let value = bytes / 1024;
  let unit = 0;
  for (; value >= 1024 && unit < SIZES.length - 1; unit += 1) value /= 1024;
  return `${value >= 10 ? Math.round(value) : value.toFixed(1)} ${SIZES[unit] ?? ''}`;
}

const AMOUNT =
  /^(?<number>\d{1,15}(?:\.\d{1,6})?)\s*(?:(?<scale>[kmgt])(?<isBinary>i)?)?(?<isBytes>b)?$/iu;

const POWERS: Readonly<Record<string, number>> = { k: 1, m: 2, g: 3, t: 4 };

export interface Amount {
  /** Whole and exact. */
  readonly value: number;
  /** It ends with a B. */
  readonly isBytes: boolean;
  /** Its scale is one of 1024: Ki, Mi, Gi, Ti. */
  readonly isBinary: boolean;
}

/** An amount as people write it: `10M`, `500k`, `256MiB`, `1.5 GB`, `4096`; undefined for anything else. */
export function readAmount(text: string): Amount | undefined {
  const groups = AMOUNT.exec(text.trim())?.groups;
  if (groups === undefined) return undefined;
  const { number = '', scale = '', isBinary, isBytes } = groups;
  const base = isBinary === undefined ? 1000 : 1024;
  const value = Math.floor(Number(number) * base ** (POWERS[scale.toLowerCase()] ?? 0));
  if (!Number.isSafeInteger(value)) return undefined;
  return { value, isBytes: isBytes !== undefined, isBinary: isBinary !== undefined };
}

/** Bytes of `10 GB`, `512MiB` or `4096B`; undefined for what is no size. */
export function parseSize(text: string): number | undefined {
  const amount = readAmount(text);
  return amount?.isBytes === true ? amount.value : undefined;
}
