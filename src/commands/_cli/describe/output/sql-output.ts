import { z } from 'zod';
import { missingShards } from './common.js';

export const sqlOutput = z.strictObject({
  columns: z.array(z.strictObject({ name: z.string(), type: z.string() })),
  rows: z.array(z.record(z.string(), z.unknown())),
  missingShards,
});
