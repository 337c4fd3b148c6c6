import { systemClock } from '../../../engine/model/clock.js';
import { AtbdError } from '../../../engine/model/error.js';
import type { Filter } from '../../../engine/model/filter.js';
import type { SelectedField } from '../../../engine/model/stored-event.js';
import { parseTimeRange, type TimeRange } from '../../../engine/time/time-range.js';
import { parseZone, type Zone } from '../../../engine/time/zone.js';
import { readFilter, type ParsedFilterFlags } from '../../_cli/filter-flags.js';
import { sanitizeText } from '../../_cli/sanitize.js';
import { ANSWER_FORMATS, type AnswerFormat } from '../_question/answer-format.js';
import type { LogFormat, SearchFormat } from './log-format.js';
import { savedNameIn } from './search-argv.js';
import { selectFields } from './select-fields.js';

/** What a question without a time is about: what just happened. */
export const SINCE_DEFAULT = '1h';

/** A search, understood: all that it finds. */
export interface LogsQuestion {
  readonly filter: Filter;
  readonly range: TimeRange;
  readonly zone: Zone;
  /** Wall clock. */
  readonly nowMs: number;
  readonly format: SearchFormat;
  readonly fields: readonly SelectedField[] | undefined;
  /** Sentences for stderr: what may have been meant otherwise. */
  readonly doubts: readonly string[];
  readonly isAscending: boolean;
  readonly limit: number;
  readonly after: string | undefined;
}

/** What oclif makes of the flags of a search. */
export interface ParsedLogsFlags extends ParsedFilterFlags {
  readonly since: string | undefined;
  readonly from: string | undefined;
  readonly to: string | undefined;
  readonly 'arrived-since': string | undefined;
  readonly tz: string;
  readonly fields: string | undefined;
  readonly output: SearchFormat | undefined;
  readonly json?: boolean | undefined;
  readonly asc: boolean;
  readonly limit: number;
  readonly after: string | undefined;
}

/** Reads the flags and words of a search; rejects with USAGE_INVALID. */
export async function readLogsQuestion(
  flags: ParsedLogsFlags,
  { argv, words }: { readonly argv: readonly string[]; readonly words: readonly string[] },
): Promise<LogsQuestion> {
  const zone = parseZone(flags.tz);
  const filter = await readFilter(flags, words);
  const range = parseTimeRange(
    {
      ...(flags.since === undefined ? {} : { since: flags.since }),
      ...(flags.from === undefined ? {} : { from: flags.from }),
      ...(flags.to === undefined ? {} : { to: flags.to }),
      ...(flags['arrived-since'] === undefined ? {} : { arrivedSince: flags['arrived-since'] }),
    },
    { clock: systemClock, zone, defaultSince: SINCE_DEFAULT },
  );
  const selection = flags.fields === undefined ? undefined : selectFields(flags.fields);
  return {
    filter,
    range,
    zone,
    nowMs: systemClock.nowMs(),
    format: flags.output ?? (flags.json === true ? 'json' : 'table'),
    fields: selection?.fields,
    doubts: [...(selection?.doubts ?? []), ...doubtsAtWords(words, argv)],
    isAscending: flags.asc,
    limit: flags.limit,
    after: flags.after,
  };
}

/** A saved search that is not the first argument is a word like any other; who put `--` before it knows. */
function doubtsAtWords(words: readonly string[], argv: readonly string[]): string[] {
  if (argv.includes('--')) return [];
  return words
    .filter((word) => savedNameIn([word]) !== undefined)
    .map((word) => `${sanitizeText(word)} is looked for as a word; a saved search stands first`);
}

/** The format for events; rejects one that is for figures. */
export function formatOfEvents(format: SearchFormat): LogFormat {
  if (format !== 'chart') return format;
  throw new AtbdError({
    code: 'USAGE_INVALID',
    message: 'cannot draw events as a chart',
    hint: 'Draw how many there are: --histogram -o chart',
  });
}

/** The format for figures; rejects one that is for events. */
export function formatOfFigures(format: SearchFormat): AnswerFormat {
  const found = ANSWER_FORMATS.find((name) => name === format);
  if (found !== undefined) return found;
  throw new AtbdError({
    code: 'USAGE_INVALID',
    message: `cannot write figures as ${format}`,
    hint: `Use -o ${ANSWER_FORMATS.join(', ')}.`,
  });
}
