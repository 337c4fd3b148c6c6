import type { Answer, AnswerColumn, AnswerRow } from '../../../../engine/model/question/answer.js';
import { formatRfc3339 } from '../../../../engine/model/timestamp.js';
import { sanitizeJson } from '../../../_cli/sanitize.js';
import { plainText, plainValue } from './cell-text.js';

/** One document: what was asked, facts, and `rows`, a row a line. */
export function answerJson(answer: Answer): string {
  const { question, range, source, notes, missingShards, columns, facts } = answer;
  const head = {
    question,
    from: formatRfc3339(range.fromNs),
    to: formatRfc3339(range.toNs),
    source,
    notes,
    missingShards,
    ...Object.fromEntries(facts.map(({ name, kind, value }) => [name, plainValue(kind, value)])),
  };
  const rows = answer.rows.map((row) => rowJson(columns, row));
  const body = rows.length === 0 ? '' : `\n${rows.join(',\n')}\n`;
  return `${sanitizeJson(head).slice(0, -1)},"rows":[${body}]}\n`;
}

/** A row a line. */
export function answerNdjson({ columns, rows }: Answer): string {
  return rows.map((row) => `${rowJson(columns, row)}\n`).join('');
}

function rowJson(columns: readonly AnswerColumn[], row: AnswerRow): string {
  return sanitizeJson(
    Object.fromEntries(columns.map(({ name, kind }) => [name, plainValue(kind, row[name])])),
  );
}

/** RFC 4180 with a header. */
export function answerCsv({ columns, rows }: Answer, toCell: (value: string) => string): string {
  const line = (cells: readonly string[]): string => `${cells.map(toCell).join(',')}\r\n`;
  return [
    line(columns.map(({ name }) => name)),
    ...rows.map((row) => line(columns.map(({ name, kind }) => plainText(kind, row[name])))),
  ].join('');
}
