import { AtbdError } from '../../../../engine/model/error.js';
import {
  selectedName,
  type SelectedField,
  type StoredEvent,
} from '../../../../engine/model/stored-event.js';
import type { Store } from '../../../../store/clickhouse/store.js';
import type { LineGroup } from '../../../../store/search/context.js';
import { reportMissingShards } from '../../../_cli/partial-answer.js';
import { showAnswer } from '../../../_cli/pager.js';
import { describeTerminal } from '../../../_cli/terminal.js';
import { pageQuestion, tellCursor } from '../answer-page.js';
import { hintAtNothing } from '../hint-at-nothing.js';
import { formatOfEvents, type LogsQuestion } from '../logs-question.js';
import { writeContext } from './write-context.js';

/** Lines of an answer with context: all of them are held at once to be put into groups. */
const LINES_MAX = 20_000;

export interface ContextRequest {
  readonly question: LogsQuestion;
  readonly before: number;
  readonly after: number;
  readonly signal: AbortSignal;
}

/** Writes one page of what a search finds, each event among the lines that its source wrote around it. */
export async function answerContext(
  store: Store,
  { question, before, after, signal }: ContextRequest,
): Promise<void> {
  checkSize(question.limit, before + after + 1);
  const format = formatOfEvents(question.format);
  const [{ readContext, SOURCE_FIELDS }, { readLogs }, { encodeCursor }, { asked, binding }] =
    await Promise.all([
      import('../../../../store/search/context.js'),
      import('../../../../store/query/logs.js'),
      import('../../../../store/query/log-cursor.js'),
      pageQuestion(question),
    ]);
  const missing = new Set<number>();
  const onMissing = (shards: readonly number[]): void => {
    for (const shard of shards) missing.add(shard);
  };
  const fields = [...asked.fields, ...SOURCE_FIELDS.filter(isNotIn(asked.fields))];
  const page = readLogs(store, { ...asked, fields }, { signal, onMissing });
  const hits: StoredEvent[] = [];
  for await (const stored of page.events) hits.push(stored);
  const next = await page.readCursor();
  const cursor = next === null ? null : encodeCursor(next, binding);
  const context = await readContext(store, { hits, before, after, fields }, { signal });
  onMissing(context.missingShards);
  const groups = context.groups.map((group) => onlyFields(group, asked.fields));
  const missingShards = [...missing].sort((a, b) => a - b);
  const terminal = describeTerminal(process.stdout);
  const canvas = { terminal, zone: question.zone, fields: question.fields };
  await showAnswer(writeContext(groups, { format, canvas, page: { cursor, missingShards } }));
  if (format !== 'json') tellCursor(cursor);
  if (hits.length === 0 && asked.after === null) await hintAtNothing(store, question, signal);
  reportMissingShards(missingShards, store.shardCount);
}

function checkSize(limit: number, linesAHit: number): void {
  if (limit * linesAHit <= LINES_MAX) return;
  throw new AtbdError({
    code: 'USAGE_INVALID',
    message: `cannot show ${linesAHit} lines for each of ${limit} events: at most ${LINES_MAX} together`,
    hint: 'Use a smaller --limit, or fewer lines of context.',
  });
}

function isNotIn(fields: readonly SelectedField[]): (field: SelectedField) => boolean {
  const names = new Set(fields.map(selectedName));
  return (field) => !names.has(selectedName(field));
}

/** The lines without what was only asked for to know their source. */
function onlyFields(group: LineGroup, fields: readonly SelectedField[]): LineGroup {
  const names = new Set(fields.map(selectedName));
  const trim = (stored: StoredEvent): StoredEvent => ({
    ...stored,
    event: Object.fromEntries(Object.entries(stored.event).filter(([name]) => names.has(name))),
  });
  return group.map(({ stored, isHit }) => ({ stored: trim(stored), isHit }));
}
