import type { Journeys } from '../../../engine/model/question/journeys.js';
import { systemClock } from '../../../engine/model/clock.js';
import type { FieldRef, Filter } from '../../../engine/model/filter.js';
import {
  TIME_COLUMN,
  type Answer,
  type AnswerRange,
  type Buckets,
  type Cell,
} from '../../../engine/model/question/answer.js';
import {
  PROVISIONAL_COLUMN,
  withProvisional,
  type AsOf,
} from '../../../engine/model/question/as-of.js';
import { bucketsOf, parseEvery } from '../../../engine/question/buckets.js';
import { parseDimensions, type Dimension } from '../../../engine/question/dimension.js';
import { questionRange } from '../../../engine/question/question-range.js';
import { parseZone, type Zone } from '../../../engine/time/zone.js';
import type { Store } from '../../../store/clickhouse/store.js';
import { resolveLiveContext } from '../../_cli/context.js';
import { readFilter, type ParsedFilterFlags } from '../../_cli/filter-flags.js';
import { loadJourneys } from '../../_cli/journeys/load-journeys.js';
import { toQuestionLimits, type ParsedLimitFlags } from '../../_cli/limit-flags.js';
import { readNameHints } from '../../_cli/name-hints.js';
import { reportMissingShards } from '../../_cli/partial-answer.js';
import { showAnswer } from '../../_cli/pager.js';
import { describeTerminal } from '../../_cli/terminal.js';
import type { AnswerFormat } from './answer-format.js';
import { checkAssertions } from './check-assertions.js';
import { LIMIT_DEFAULT } from './question-flags.js';
import { hiddenColumns } from './render/answer-table.js';
import { renderAnswer } from './render/render-answer.js';

/** What oclif makes of `questionFlags`, `everyFlag` and `byFlag`. */
export interface ParsedQuestionFlags extends ParsedFilterFlags, ParsedLimitFlags {
  readonly context?: string | undefined;
  readonly journeys: string | undefined;
  readonly since: string | undefined;
  readonly from: string | undefined;
  readonly to: string | undefined;
  readonly tz: string;
  readonly json?: boolean | undefined;
  readonly output: AnswerFormat | undefined;
  readonly measure: string | undefined;
  readonly limit?: number | undefined;
  readonly assert: string[] | undefined;
  readonly every?: string | undefined;
  readonly by?: string | undefined;
}

/** The flags, understood. */
export interface Asked {
  readonly store: Store;
  readonly signal: AbortSignal;
  readonly journeys: Journeys;
  readonly range: AnswerRange;
  /** null: one total. */
  readonly buckets: Buckets | null;
  readonly by: readonly Dimension[];
  readonly filter: Filter;
  readonly limit: number;
  readonly zone: Zone;
  /** Wall clock. */
  readonly nowMs: number;
  /** How far events are known, for what is provisional; asked for once. */
  readonly asOf: () => Promise<AsOf>;
}

export interface QuestionOptions {
  readonly signal: AbortSignal;
  /** What a question without a time is about, such as `1h`. */
  readonly defaultSince: string;
  readonly defaultBy?: readonly Dimension[];
  /** Intervals of a chart that does not say `--every`, where the question is best seen over time. */
  readonly chartEvery?: string;
  /** Fields that the question itself names: where nothing is found, one that does not exist may be the reason. */
  readonly fields?: readonly FieldRef[];
  readonly ask: (asked: Asked) => Promise<Answer>;
}

/** Reads the flags, asks, writes the answer to stdout and judges the assertions. Every question about figures goes this way. */
export async function answerQuestion(
  flags: ParsedQuestionFlags,
  { signal, defaultSince, defaultBy = [], fields = [], chartEvery, ask }: QuestionOptions,
): Promise<void> {
  const zone = parseZone(flags.tz);
  const format = flags.output ?? (flags.json === true ? 'json' : 'table');
  const every = flags.every ?? (format === 'chart' ? chartEvery : undefined);
  const everyMs = every === undefined ? undefined : parseEvery(every);
  const range = questionRange(timeInput(flags), {
    clock: systemClock,
    zone,
    defaultSince,
    everyMs,
  });
  const asked = {
    signal,
    range,
    buckets: everyMs === undefined ? null : bucketsOf(range, everyMs, zone),
    by: flags.by === undefined ? defaultBy : parseDimensions(flags.by),
    filter: await readFilter(flags, []),
    limit: flags.limit ?? LIMIT_DEFAULT,
    zone,
    nowMs: systemClock.nowMs(),
  };
  const limits = toQuestionLimits(flags);
  const [{ reader, journeysPath }, { openStore }, { readAsOf }] = await Promise.all([
    resolveLiveContext({ name: flags.context }),
    import('../../../store/clickhouse/store.js'),
    import('../../../store/query/as-of.js'),
  ]);
  const { journeys } = await loadJourneys(flags.journeys ?? journeysPath);
  await using store = openStore(reader, limits);
  let known: Promise<AsOf> | undefined;
  const asOf = (): Promise<AsOf> => (known ??= readAsOf(store, asked, { signal }));
  const said = await ask({ ...asked, journeys, store, asOf });
  const answer = await markProvisional(said, asked.buckets, asOf);
  const terminal = describeTerminal(process.stdout);
  await showAnswer(renderAnswer(answer, { format, terminal, zone, measure: flags.measure }));
  if (format === 'table' || format === 'chart') explain(answer);
  if (format === 'table') sayWhatIsHidden(hiddenColumns(answer, terminal, zone));
  await hintAtNames(answer, { asked: { ...asked, store }, fields });
  reportMissingShards(answer.missingShards, store.shardCount);
  if (flags.assert !== undefined) await checkAssertions(flags.assert, answer);
}

/** Marks the intervals of an answer over time that are not over. */
async function markProvisional(
  answer: Answer,
  buckets: Buckets | null,
  asOf: () => Promise<AsOf>,
): Promise<Answer> {
  const isMarked = answer.columns.some(({ name }) => name === PROVISIONAL_COLUMN.name);
  const isOverTime = answer.columns.some(({ name }) => name === TIME_COLUMN.name);
  if (isMarked || !isOverTime || buckets === null) return answer;
  const { finalNs } = await asOf();
  const { range, columns, rows } = answer;
  return {
    ...answer,
    columns: [...columns, PROVISIONAL_COLUMN],
    rows: rows.map((row) => withProvisional(row, { range, buckets, finalNs })),
  };
}

function timeInput({ since, from, to }: ParsedQuestionFlags) {
  return {
    ...(since === undefined ? {} : { since }),
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
  };
}

function sayWhatIsHidden(names: readonly string[]): void {
  if (names.length === 0) return;
  process.stderr.write(`Too wide for this terminal: ${names.join(', ')} (see -o csv or --json)\n`);
}

/** What a reader must know stands on stderr, so that a table can be piped on. */
function explain(answer: Answer): void {
  const { notes } = answer;
  const lines = isNothing(answer)
    ? ['Nothing found. Use --since or --from for another time, or fewer conditions.', ...notes]
    : notes;
  for (const line of lines) process.stderr.write(`${line}\n`);
}

/** No row with a count that is not zero. Facts but moments are an answer by themselves, and zero may be the good news. */
function isNothing({ columns, rows, facts }: Answer): boolean {
  const counts = columns.filter(({ kind }) => kind === 'count').map(({ name }) => name);
  const isZero = (cell: Cell | undefined): boolean => (cell ?? 0) === 0;
  const hasRow = rows.some((row) => counts.length === 0 || !counts.every((at) => isZero(row[at])));
  return !hasRow && facts.every(({ kind }) => kind === 'time');
}

interface HintOptions {
  readonly asked: Pick<Asked, 'filter' | 'range' | 'signal' | 'store'>;
  readonly fields: readonly FieldRef[];
}

/** A name that does not exist is the likeliest reason for finding nothing. */
async function hintAtNames(answer: Answer, { asked, fields }: HintOptions): Promise<void> {
  if (answer.rows.length > 0 && !isNothing(answer)) return;
  const { store, signal } = asked;
  const mustExist = fields.map((field): Filter => ({ kind: 'exists', field }));
  const filter: Filter = { kind: 'all', parts: [asked.filter, ...mustExist] };
  const range = { ...asked.range, arrivedSinceNs: null };
  const hints = await readNameHints(store, { filter, range }, signal);
  for (const hint of hints) process.stderr.write(`${hint}\n`);
}
