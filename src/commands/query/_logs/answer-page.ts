import type { Store } from '../../../store/clickhouse/store.js';
import type { CursorBinding } from '../../../store/query/log-cursor.js';
import type { LogQuestion } from '../../../store/query/log-query.js';
import { reportMissingShards } from '../../_cli/partial-answer.js';
import { AnswerOutput } from '../../_cli/pager.js';
import { describeTerminal } from '../../_cli/terminal.js';
import { hintAtNothing } from './hint-at-nothing.js';
import { formatOfEvents, type LogsQuestion } from './logs-question.js';
import { fieldsOfFormat } from './select-fields.js';
import { createLogWriter } from './write/log-writer.js';

/** Events written at once: enough to measure a table's columns by. */
const BATCH_EVENTS = 200;

/** Writes one page of the events that a search finds, as they come. */
export async function answerPage(
  store: Store,
  question: LogsQuestion,
  signal: AbortSignal,
): Promise<void> {
  const format = formatOfEvents(question.format);
  const [{ readLogs }, { encodeCursor }, { asked, binding }] = await Promise.all([
    import('../../../store/query/logs.js'),
    import('../../../store/query/log-cursor.js'),
    pageQuestion(question),
  ]);
  let missing: readonly number[] = [];
  const page = readLogs(store, asked, { signal, onMissing: (shards) => (missing = shards) });
  const terminal = describeTerminal(process.stdout);
  const writer = createLogWriter(format, {
    terminal,
    zone: question.zone,
    fields: question.fields,
  });
  await using output = new AnswerOutput();
  const count = await writeInBatches(page.events, (events) => output.write(writer.write(events)));
  const next = await page.readCursor();
  const cursor = next === null ? null : encodeCursor(next, binding);
  await output.write(writer.end({ cursor, missingShards: missing }));
  await output.end();
  if (format !== 'json') tellCursor(cursor);
  if (count === 0 && asked.after === null) await hintAtNothing(store, question, signal);
  reportMissingShards(missing, store.shardCount);
}

/** The page as the store is asked for it, and what its cursor belongs to; rejects a cursor of another search. */
export async function pageQuestion(question: LogsQuestion): Promise<{
  readonly asked: LogQuestion;
  readonly binding: CursorBinding;
}> {
  const { filter, isAscending, limit, format, fields } = question;
  const { decodeCursor } = await import('../../../store/query/log-cursor.js');
  const binding = { filter, isAscending };
  const after = question.after === undefined ? null : decodeCursor(question.after, binding);
  return {
    binding,
    asked: {
      ...{ filter, isAscending, limit, after },
      range: after?.range ?? question.range,
      fields: fields ?? fieldsOfFormat(format),
    },
  };
}

/** On a line of its own, so that it can be selected at once. */
export function tellCursor(cursor: string | null): void {
  if (cursor === null) return;
  process.stderr.write(`There is more. Next page: the same command with\n--after ${cursor}\n`);
}

async function writeInBatches<T>(
  items: AsyncIterable<T>,
  write: (batch: readonly T[]) => Promise<void>,
): Promise<number> {
  let count = 0;
  let batch: T[] = [];
  for await (const item of items) {
    count += 1;
    batch.push(item);
    if (batch.length < BATCH_EVENTS) continue;
    await write(batch);
    batch = [];
  }
  await write(batch);
  return count;
}
