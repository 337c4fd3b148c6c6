import * as Flags from '@oclif/core/flags';
import { AtbdError } from '../../engine/model/error.js';
import { quoteValue } from '../../engine/model/visible-text.js';
import { requireDuration } from '../../engine/time/duration.js';
import {
  DEFAULT_LIMITS,
  QUESTION_SECONDS_MAX,
  type QuestionLimits,
  type ScanLimit,
} from '../../store/clickhouse/question-limits.js';
import { readAmount } from './size-text.js';

const HELP_GROUP = 'LIMITS';

/** What an operator waits for without a thought; longer questions are asked on purpose. */
const TIMEOUT_DEFAULT = '60s';

/** What a question may cost, the same for every command that asks one. */
export const limitFlags = {
  timeout: Flags.string({
    summary: `Longest time that an answer may take, at most ${QUESTION_SECONDS_MAX}s.`,
    env: 'ATBD_TIMEOUT',
    default: TIMEOUT_DEFAULT,
    helpValue: 'TIME',
    helpGroup: HELP_GROUP,
  }),
  'max-scan': Flags.string({
    summary: 'Refuse to read more than this: rows (10M), or bytes with a unit (2GB, 500MiB).',
    env: 'ATBD_MAX_SCAN',
    helpValue: 'ROWS|BYTES',
    helpGroup: HELP_GROUP,
  }),
  'require-all': Flags.boolean({
    summary: 'Fail with exit code 6 when a shard does not answer, instead of answering in part.',
    helpGroup: HELP_GROUP,
  }),
};

/** What oclif makes of `limitFlags`. */
export interface ParsedLimitFlags {
  readonly timeout: string;
  readonly 'max-scan': string | undefined;
  readonly 'require-all': boolean;
}

/** The flags as the store takes them; rejects with USAGE_INVALID. */
export function toQuestionLimits(flags: ParsedLimitFlags): QuestionLimits {
  const scan = flags['max-scan'];
  return {
    ...DEFAULT_LIMITS,
    seconds: parseTimeout(flags.timeout),
    scan: scan === undefined ? null : parseScanLimit(scan),
    requireAll: flags['require-all'],
  };
}

const NS_PER_SECOND = 1_000_000_000n;

/** Whole seconds, as the server counts them; a part of one becomes a whole. */
function parseTimeout(text: string): number {
  const ns = requireDuration('--timeout', text);
  const seconds = Number((ns + NS_PER_SECOND - 1n) / NS_PER_SECOND);
  if (seconds >= 1 && seconds <= QUESTION_SECONDS_MAX) return seconds;
  throw new AtbdError({
    code: 'USAGE_INVALID',
    message: `cannot use --timeout ${quoteValue(text)}: it is not between 1s and ${QUESTION_SECONDS_MAX}s`,
    hint: 'What takes longer is asked in parts: a shorter time range each.',
  });
}

/** `10M` and `500k` are rows; `2GB` and `500MiB` are bytes. */
function parseScanLimit(text: string): ScanLimit {
  const amount = readAmount(text);
  const isMixed = amount?.isBinary === true && !amount.isBytes;
  if (amount !== undefined && !isMixed && amount.value >= 1) {
    return { unit: amount.isBytes ? 'bytes' : 'rows', max: amount.value };
  }
  throw new AtbdError({
    code: 'USAGE_INVALID',
    message: `cannot read --max-scan ${quoteValue(text)}`,
    hint: 'Write rows such as 500k or 10M, or bytes with their unit such as 2GB or 500MiB.',
  });
}
