import { expect, it } from 'vitest';
import { z } from 'zod';
import { publishedSchema } from './describe-commands.js';
import { schemaMembers } from './schema-members.js';

it('lists every member with its path, its kind and what it means', () => {
  const schema = z.strictObject({
    at: z.string().meta({ format: 'date-time' }).describe('When.'),
    peak: z.int().nullable().describe('How many.').optional(),
    rows: z.array(z.strictObject({ took: z.number().meta({ unit: 'ms' }), is: z.boolean() })),
    kind: z.literal('users'),
    source: z.enum(['events', 'rollups']),
  });
  expect(schemaMembers(publishedSchema(schema))).toEqual([
    { path: 'at', type: 'time', summary: 'When.' },
    { path: 'peak', type: 'integer or null, may lack', summary: 'How many.' },
    { path: 'rows', type: 'list', summary: '' },
    { path: 'rows[].took', type: 'number (ms)', summary: '' },
    { path: 'rows[].is', type: 'boolean', summary: '' },
    { path: 'kind', type: '"users"', summary: '' },
    { path: 'source', type: '"events", "rollups"', summary: '' },
  ]);
});

it('parts the shapes that a command can print, and looks into what may be null', () => {
  const shape = z.union([
    z.strictObject({ truth: z.strictObject({ sent: z.int() }).nullable() }).describe('At the end.'),
    z.strictObject({ sql: z.string() }),
  ]);
  expect(schemaMembers(publishedSchema(shape)).map(({ path, type }) => `${path} ${type}`)).toEqual([
    '(1) one of',
    'truth object or null',
    'truth.sent integer',
    '(2) one of',
    'sql string',
  ]);
});

it('allows members that a later version adds', () => {
  const published = publishedSchema(z.strictObject({ rows: z.array(z.strictObject({})) }));
  expect(JSON.stringify(published)).not.toContain('additionalProperties');
});
