import type { Store } from '../../../store/clickhouse/store.js';
import { reportMissingShards } from '../../_cli/partial-answer.js';
import { writeStdout } from '../../_cli/stdout.js';
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
  const { filter, isAscending, limit, fields, zone } = question;
  const format = formatOfEvents(question.format);
  const [{ readLogs }, { decodeCursor, encodeCursor }] = await Promise.all([
    import('../../../store/query/logs.js'),
    import('../../../store/query/log-cursor.js'),
  ]);
  const binding = { filter, isAscending };
  const after = question.after === undefined ? null : decodeCursor(question.after, binding);
  let missing: readonly number[] = [];
  const page = readLogs(
    store,
    {
      ...{ filter, isAscending, limit, after },
      range: after?.range ?? question.range,
      fields: fields ?? fieldsOfFormat(format),
    },
    { signal, onMissing: (shards) => (missing = shards) },
  );
  const terminal = describeTerminal(process.stdout);
  const writer = createLogWriter(format, { terminal, zone, fields });
  const count = await writeInBatches(page.events, (events) => writeStdout(writer.write(events)));
  const next = await page.readCursor();
  const cursor = next === null ? null : encodeCursor(next, binding);
  await writeStdout(writer.end({ cursor, missingShards: missing }));
  if (format !== 'json') tellCursor(cursor);
  if (count === 0 && after === null) await hintAtNothing(store, question, signal);
  reportMissingShards(missing, store.shardCount);
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
