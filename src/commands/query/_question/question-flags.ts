import * as Flags from '@oclif/core/flags';
import { filterFlags } from '../../_cli/filter-flags.js';
import { journeysFlag } from '../../_cli/journeys/journeys-flag.js';
import { limitFlags } from '../../_cli/limit-flags.js';
import { timeFlags, zoneFlag } from '../../_cli/time-flags.js';
import { ANSWER_FORMATS } from './answer-format.js';

/** Rows that a person still scrolls through; more are said to be there. */
export const LIMIT_DEFAULT = 1_000;

const LIMIT_MAX = 1_000_000;

/** The same for every question whose answer is figures. */
const commonFlags = {
  ...filterFlags,
  ...timeFlags,
  ...zoneFlag,
  ...journeysFlag,
  ...limitFlags,
  output: Flags.option({
    summary: 'Format of the answer; --json is --output json.',
    char: 'o',
    options: ANSWER_FORMATS,
    helpGroup: 'OUTPUT',
  })(),
  measure: Flags.string({
    summary: 'The figure that a chart draws; the first one by default.',
    helpValue: 'NAME',
    helpGroup: 'OUTPUT',
  }),
  assert: Flags.string({
    summary:
      'Condition in CEL over the columns, true for every row: exit code 1 when it is not; may be given more than once.',
    helpValue: 'CEL',
    multiple: true,
    multipleNonGreedy: true,
    helpGroup: 'OUTPUT',
  }),
};

/** For questions with as many rows as there are values. */
export const questionFlags = {
  ...commonFlags,
  limit: Flags.integer({
    summary: 'Largest number of rows.',
    default: LIMIT_DEFAULT,
    min: 1,
    max: LIMIT_MAX,
    helpGroup: 'OUTPUT',
  }),
};

/** For questions with a row for each interval and no more. */
export const intervalQuestionFlags = commonFlags;

/** For questions that can be answered per interval. */
export const everyFlag = {
  every: Flags.string({
    summary:
      'One row for each interval: 1m, 5m, 15m, 1h, 3h, 1d …; without it one for the whole time.',
    helpValue: 'TIME',
    helpGroup: 'TIME',
  }),
};

/** For questions that can be split by any field. */
export const byFlag = {
  by: Flags.string({
    summary:
      'Split by these fields, parted by commas, for example operation,service; none for one total.',
    helpValue: 'FIELD,…',
    helpGroup: 'OUTPUT',
  }),
};
