import { z } from 'zod';
import { anySchema } from './common.js';

export const contextsOutput = z.strictObject({
  contexts: z.array(
    z.strictObject({
      name: z.string(),
      current: z.boolean(),
      queue: z.string(),
      store: z.string(),
    }),
  ),
});

export const contextOutput = z.strictObject({
  name: z.string(),
  from: z.string().describe('Who chose it.'),
  home: z.string(),
  settings: z.record(z.string(), z.unknown()).describe('As the file has them; secrets are masked.'),
  stack: z
    .record(z.string(), z.unknown())
    .optional()
    .describe('Addresses of the local stack, where the context uses it.'),
});

export const contextSetOutput = z.strictObject({ name: z.string(), path: z.string() });

export const contextUseOutput = z.strictObject({ current: z.string() });

export const savedSearchesOutput = z.strictObject({
  searches: z.array(z.strictObject({ name: z.string(), arguments: z.array(z.string()) })),
});

export const removedSearchOutput = z.strictObject({ removed: z.string() });

/** Journeys as their file has them: `journeys validate --schema` has the shape. */
export const journeysOutput = z.record(z.string(), z.unknown());

export const validJourneysOutput = z.union([
  z.array(z.strictObject({ path: z.string() })),
  anySchema.describe('With --schema.'),
]);
