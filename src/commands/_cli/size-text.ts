const SIZES = ['KiB', 'MiB', 'GiB', 'TiB'];

/** Bytes in the largest unit that leaves a digit before the point: 1.5 KiB, 12 MiB. */
export function sizeText(bytes: number): string {
  let value = bytes / 1024;
  let unit = 0;
  for (; value >= 1024 && unit < SIZES.length - 1; unit += 1) value /= 1024;
  return `${value >= 10 ? Math.round(value) : value.toFixed(1)} ${SIZES[unit] ?? ''}`;
}

const SIZE = /^(?<number>\d{1,9}(?:\.\d{1,6})?) ?(?<scale>[KMGT])?(?<isBinary>i)?B$/u;

/** Bytes of `10 GB`, `512MiB` or `4096B`; undefined for what is no size. */
export function parseSize(text: string): number | undefined {
  const groups = SIZE.exec(text.trim())?.groups;
  if (groups === undefined) return undefined;
  const { number, scale = '', isBinary } = groups;
  if (isBinary !== undefined && scale === '') return undefined;
  const base = isBinary === undefined ? 1000 : 1024;
  return Math.floor(Number(number) * base ** ('KMGT'.indexOf(scale) + (scale === '' ? 0 : 1)));
}
