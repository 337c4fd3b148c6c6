import { AtbdError } from '../../engine/model/error.js';
import { QUESTION_SECONDS_MAX, type QuestionLimits, type ScanLimit } from './question-limits.js';

const NARROWER = 'Ask for a shorter time (--since, --from, --to) or name a service (--service)';

/** More would have to be read than `--max-scan` allows. */
export function scanExceeded(doing: string, { unit, max }: ScanLimit, cause?: Error): AtbdError {
  return new AtbdError({
    code: 'SCAN_LIMIT_EXCEEDED',
    message: `cannot ${doing}: that reads more than ${max.toLocaleString('en-US')} ${unit}`,
    hint: `${NARROWER}, or allow more: --max-scan.`,
    cause,
  });
}

/** It took longer than `--timeout` allows. */
export function tookTooLong(doing: string, { seconds }: QuestionLimits, cause: Error): AtbdError {
  return new AtbdError({
    code: 'TIMEOUT',
    message: `cannot ${doing}: it is not done after ${seconds} s`,
    hint: `${NARROWER}, or give it longer: --timeout (at most ${QUESTION_SECONDS_MAX}s).`,
    cause,
  });
}

/** What it keeps in memory, such as different values to count, is too much. */
export function needsTooMuch(
  doing: string,
  { memoryBytes }: QuestionLimits,
  cause: Error,
): AtbdError {
  const mebibytes = Math.round(memoryBytes / 1024 ** 2);
  return new AtbdError({
    code: 'MEMORY_LIMIT_EXCEEDED',
    message: `cannot ${doing}: it needs more than ${mebibytes} MiB on a shard`,
    hint: `${NARROWER}, or ask for fewer fields or groups.`,
    cause,
  });
}
