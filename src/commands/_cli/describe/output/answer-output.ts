import { z } from 'zod';
import {
  TIME_COLUMN,
  type AnswerColumn,
  type AnswerShape,
  type CellKind,
} from '../../../../engine/model/question/answer.js';
import { PROVISIONAL_COLUMN } from '../../../../engine/model/question/as-of.js';
import { missingShards, moment } from './common.js';

const money = z.record(z.string(), z.string()).describe('Exact decimals by currency.');

/** Every cell may be null: not known, or nothing to measure. */
const CELLS: Readonly<Record<CellKind, z.ZodType>> = {
  time: moment.nullable(),
  text: z.string().nullable(),
  count: z.int().nullable(),
  number: z.number().nullable(),
  share: z.number().nullable().meta({ unit: '0 to 1' }),
  duration: z.number().nullable().meta({ unit: 'ms' }),
  bytes: z.number().nullable().meta({ unit: 'bytes' }),
  decimal: z.string().nullable().meta({ unit: 'exact decimal' }),
  money: money.nullable(),
  truth: z.boolean().nullable(),
  list: z.array(z.string()).nullable(),
};

/** What `--json` prints of a question about figures. What it is split by is a text of that name in each row. */
export function answerOutput(question: string, { columns, facts }: AnswerShape): z.ZodType {
  const own = new Set(columns.map(({ name }) => name));
  const common = [TIME_COLUMN, PROVISIONAL_COLUMN].filter(({ name }) => !own.has(name));
  const row = z
    .object({ ...cells(common, { isOptional: true }), ...cells(columns) })
    .catchall(z.string().nullable().describe('What the answer is split by.'));
  return z.strictObject({
    question: z.literal(question),
    from: moment.describe('Event time, from here on.'),
    to: moment.describe('Event time, up to here and without it.'),
    source: z.enum(['rollups', 'events']).describe('Where the figures were read.'),
    notes: z.array(z.string()).describe('What must be known to read it right.'),
    missingShards,
    // Where there is nothing to measure, an answer has no such figure.
    ...cells(facts, { isOptional: true }),
    rows: z.array(row),
  });
}

function cells(
  columns: readonly AnswerColumn[],
  { isOptional = false }: { readonly isOptional?: boolean } = {},
): Record<string, z.ZodType> {
  return Object.fromEntries(
    columns.map(({ name, kind, summary }) => {
      const cell = CELLS[kind].describe(summary);
      return [name, isOptional ? cell.optional() : cell];
    }),
  );
}
