import { AtbdError } from '../../../engine/model/error.js';
import { quoteValue } from '../../../engine/model/visible-text.js';
import { readAmount } from '../size-text.js';

/** Bytes as people write them: `268435456`, `256MiB`, `1.5GB`; rejects with USAGE_INVALID also what is not between `min` and `max`. */
export function byteSize(
  flag: string,
  text: string,
  { min, max }: { readonly min: number; readonly max: number },
): number {
  const bytes = readAmount(text)?.value;
  if (bytes !== undefined && bytes >= min && bytes <= max) return bytes;
  throw new AtbdError({
    code: 'USAGE_INVALID',
    message: `cannot use ${flag} ${quoteValue(text)}`,
    hint: `Write a number of bytes, such as 268435456 or 256MiB, between ${min} and ${max}.`,
  });
}
