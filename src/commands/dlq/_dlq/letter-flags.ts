import * as Flags from '@oclif/core/flags';
import { systemClock } from '../../../engine/model/clock.js';
import {
  LETTER_FIELDS,
  type LetterFilter,
  type LetterState,
} from '../../../engine/model/dead-letter.js';
import { MATCH_ALL, type Filter } from '../../../engine/model/filter.js';
import { parseTimeRange } from '../../../engine/time/time-range.js';
import { parseZone } from '../../../engine/time/zone.js';
import { shellWord } from '../../_cli/shell-word.js';
import { timeFlags, zoneFlag } from '../../_cli/time-flags.js';

const HELP_GROUP = 'FILTER';

/** The flags by which dead letters are chosen, the same for every command about them. */
export const letterFlags = {
  reason: Flags.string({
    summary:
      'Reasons: invalid_json, not_an_object, value_too_large or tombstone; a list by commas.',
    helpValue: 'REASON',
    multiple: true,
    multipleNonGreedy: true,
    delimiter: ',',
    helpGroup: HELP_GROUP,
  }),
  topic: Flags.string({
    summary: 'Topics, by name.',
    multiple: true,
    multipleNonGreedy: true,
    delimiter: ',',
    helpGroup: HELP_GROUP,
  }),
  where: Flags.string({
    summary: `Condition in CEL on ${Object.keys(LETTER_FIELDS).join(', ')}, for example 'size > 1000 && producer == "cart"'; given more than once, all must hold.`,
    helpValue: 'CEL',
    multiple: true,
    multipleNonGreedy: true,
    helpGroup: HELP_GROUP,
  }),
  ...timeFlags,
  ...zoneFlag,
};

/** What oclif makes of `letterFlags`. */
export interface ParsedLetterFlags {
  readonly reason: string[] | undefined;
  readonly topic: string[] | undefined;
  readonly where: string[] | undefined;
  readonly since: string | undefined;
  readonly from: string | undefined;
  readonly to: string | undefined;
  readonly tz: string;
}

/** The letters that the flags mean; without a time all there are. Rejects with USAGE_INVALID. */
export async function readLetterFilter(
  flags: ParsedLetterFlags,
  state: LetterState | null,
): Promise<LetterFilter> {
  const { since, from, to } = flags;
  const range = parseTimeRange(
    {
      ...(since === undefined ? {} : { since }),
      ...(from === undefined ? {} : { from }),
      ...(to === undefined ? {} : { to }),
    },
    { clock: systemClock, zone: parseZone(flags.tz), defaultSince: null },
  );
  return {
    reasons: flags.reason ?? [],
    topics: flags.topic ?? [],
    fromNs: range.fromNs,
    toNs: range.toNs,
    where: await readWhere(flags.where),
    state,
  };
}

/** The filter as it was typed, for the record of who did what. */
export function writtenFilter(flags: ParsedLetterFlags): string {
  const { reason, topic, where, since, from, to } = flags;
  const given = { reason: reason?.join(','), topic: topic?.join(','), since, from, to };
  const words = Object.entries(given).flatMap(([name, value]) =>
    value === undefined ? [] : [`--${name} ${shellWord(value)}`],
  );
  for (const condition of where ?? []) words.push(`--where ${shellWord(condition)}`);
  return words.join(' ');
}

async function readWhere(texts: readonly string[] | undefined): Promise<Filter> {
  if (texts === undefined) return MATCH_ALL;
  // Loaded only for who uses it: the language costs 40 ms of start.
  const { compileWhere } = await import('../../../engine/filter/where/compile-where.js');
  const options = { flag: '--where', vocabulary: LETTER_FIELDS };
  return { kind: 'all', parts: texts.map((text) => compileWhere(text, options)) };
}
