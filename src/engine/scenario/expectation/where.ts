import { z } from 'zod';
import { parseFilter, type FilterInput } from '../../filter/filter.js';
import { AtbdError } from '../../model/error.js';

const text = z.string().min(1);

/** A filter as the flags of `query logs` say it. */
export const whereSchema = z
  .strictObject({
    words: text.optional().describe('Words of the message, all of which must be there.'),
    level: text.optional(),
    service: text.optional(),
    type: text.optional(),
    source: text.optional().describe('FILE or FILE:LINE.'),
    fields: z.array(text).default([]).describe('Conditions as -f takes them: status=ok, amount?'),
  })
  .check((context) => {
    try {
      parseFilter(whereInput(context.value));
    } catch (error) {
      if (!(error instanceof AtbdError)) throw error;
      const { message, hint } = error;
      context.issues.push({ code: 'custom', input: context.value, message: `${message}. ${hint}` });
    }
  });
export type Where = z.output<typeof whereSchema>;

/** The same as the flags' parser takes it. */
export function whereInput({ words, level, service, type, source, fields }: Where): FilterInput {
  const list = (value: string | undefined): readonly string[] =>
    value === undefined ? [] : value.split(',');
  return {
    words: words?.split(/\s+/u).filter((word) => word !== '') ?? [],
    levels: list(level),
    anyOf: { service: list(service), type: list(type) },
    ...(source === undefined ? {} : { source }),
    conditions: fields,
  };
}

/** The same as flags of a command. */
export function whereFlags({ words, level, service, type, source, fields }: Where): string {
  const flags = Object.entries({ level, service, type, source }).flatMap(([name, value]) =>
    value === undefined ? [] : [`--${name} ${value}`],
  );
  const conditions = fields.map((field) => `-f '${field}'`);
  return [...(words === undefined ? [] : [words]), ...flags, ...conditions].join(' ');
}
