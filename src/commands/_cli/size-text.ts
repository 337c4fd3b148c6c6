const SIZES = ['KiB', 'MiB', 'GiB', 'TiB'];

/** Bytes in the largest unit that leaves a digit before the point: 1.5 KiB, 12 MiB. */
export function sizeText(bytes: number): string {
  let value = bytes / 1024;
  let unit = 0;
  for (; value >= 1024 && unit < SIZES.length - 1; unit += 1) value /= 1024;
  return `${value >= 10 ? Math.round(value) : value.toFixed(1)} ${SIZES[unit] ?? ''}`;
}
