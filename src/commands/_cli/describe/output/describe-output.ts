import { z } from 'zod';
import { ERRORS, type ErrorCode } from '../../../../engine/model/error.js';

const flag = z.strictObject({
  name: z.string(),
  char: z.string().nullable(),
  type: z.enum(['boolean', 'option']),
  summary: z.string(),
  description: z.string().nullable(),
  value: z.string().nullable().describe('What its value is called, such as TIME.'),
  options: z.array(z.string()).nullable().describe('All values there are, where they are few.'),
  default: z.unknown().describe('null: none, or one that hangs on the moment.'),
  multiple: z.boolean(),
  required: z.boolean(),
  env: z.string().nullable().describe('The variable that stands for it.'),
});
export type DescribedFlag = z.infer<typeof flag>;

const argument = z.strictObject({
  name: z.string(),
  summary: z.string(),
  required: z.boolean(),
  options: z.array(z.string()).nullable(),
});

const command = z.strictObject({
  command: z.string().describe('As it is typed: query users.'),
  summary: z.string(),
  description: z.string().nullable(),
  examples: z.array(z.string()),
  args: z.array(argument),
  hasMoreArgs: z.boolean().describe('Takes more arguments than are named.'),
  flags: z.array(flag),
  output: z.enum(['document', 'lines']).nullable().describe('What --json or -o ndjson prints.'),
  schema: z
    .record(z.string(), z.unknown())
    .nullable()
    .describe('JSON Schema (2020-12) of one document.'),
});
export type DescribedCommand = z.infer<typeof command>;

export const describeOutput = z.strictObject({
  name: z.string(),
  version: z.string(),
  commands: z.array(command),
  errors: z
    .array(
      z.strictObject({
        code: z.enum(Object.keys(ERRORS) as ErrorCode[]),
        exitCode: z.int(),
        retryable: z.boolean(),
      }),
    )
    .describe(
      'What a failure may be: with --json it is one line on stderr, { error: { code, … } }.',
    ),
});
export type Description = z.infer<typeof describeOutput>;
