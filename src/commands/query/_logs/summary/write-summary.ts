import type { Answer } from '../../../../engine/model/question/answer.js';
import type { Store } from '../../../../store/clickhouse/store.js';
import { reportMissingShards } from '../../../_cli/partial-answer.js';
import { showAnswer } from '../../../_cli/pager.js';
import { describeTerminal } from '../../../_cli/terminal.js';
import type { AnswerFormat } from '../../_question/answer-format.js';
import { renderAnswer } from '../../_question/render/render-answer.js';
import { hintAtNothing } from '../hint-at-nothing.js';
import { formatOfFigures, type LogsQuestion } from '../logs-question.js';
import { drawHistogram } from './draw-histogram.js';

export interface SummaryRequest {
  readonly question: LogsQuestion;
  readonly signal: AbortSignal;
  readonly ask: () => Promise<Answer>;
}

/** Asks for figures about all that a search finds, and writes them. */
export async function writeSummary(
  store: Store,
  { question, signal, ask }: SummaryRequest,
): Promise<void> {
  const format = formatOfFigures(question.format);
  const answer = await ask();
  const isNothing = answer.facts.some(({ name, value }) => name === 'total' && value === 0);
  // A table of zeros is of use to programs alone.
  if (!isNothing || !isForPeople(format)) await showAnswer(render(answer, format, question));
  if (isForPeople(format)) for (const note of answer.notes) process.stderr.write(`${note}\n`);
  if (isNothing) await hintAtNothing(store, question, signal);
  reportMissingShards(answer.missingShards, store.shardCount);
}

function isForPeople(format: AnswerFormat): boolean {
  return format === 'table' || format === 'chart';
}

function render(answer: Answer, format: AnswerFormat, { zone }: LogsQuestion): string {
  const terminal = describeTerminal(process.stdout);
  if (format !== 'table') {
    return renderAnswer(answer, { format, terminal, zone, measure: undefined });
  }
  if (answer.question === 'histogram') return drawHistogram(answer, terminal, zone);
  const shown = withoutRepeatedFields(answer);
  return renderAnswer(shown, { format, terminal, zone, measure: undefined });
}

/** The name of a field stands above its values once. */
function withoutRepeatedFields(answer: Answer): Answer {
  const rows = answer.rows.map((row, index) =>
    row['field'] === answer.rows[index - 1]?.['field'] ? { ...row, field: '' } : row,
  );
  return { ...answer, rows };
}
