import { AtbdError } from '../../../engine/model/error.js';
import { quoteValue } from '../../../engine/model/visible-text.js';

const FORM = /^(?<number>\d{1,15}(?:\.\d{1,6})?)\s*(?:(?<scale>[kmg])(?<isBinary>i)?)?b?$/iu;

const POWERS: Readonly<Record<string, number>> = { '': 0, k: 1, m: 2, g: 3 };

/** Bytes as people write them: `268435456`, `256MiB`, `1.5GB`; rejects with USAGE_INVALID also what is below `min`. */
export function byteSize(flag: string, text: string, { min }: { readonly min: number }): number {
  const groups = FORM.exec(text.trim())?.groups;
  const base = groups?.['isBinary'] === undefined ? 1000 : 1024;
  const power = POWERS[(groups?.['scale'] ?? '').toLowerCase()] ?? 0;
  const bytes = Math.floor(Number(groups?.['number'] ?? Number.NaN) * base ** power);
  if (Number.isSafeInteger(bytes) && bytes >= min) return bytes;
  throw new AtbdError({
    code: 'USAGE_INVALID',
    message: `cannot use ${flag} ${quoteValue(text)}`,
    hint: `Write a number of bytes, such as 268435456 or 256MiB; ${min} at least.`,
  });
}
