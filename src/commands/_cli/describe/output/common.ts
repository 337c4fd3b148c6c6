import { z } from 'zod';

/** A moment, RFC 3339 in UTC, as fine as nanoseconds. */
export const moment = z.string().meta({ format: 'date-time' });

export const count = z.int().nonnegative();

/** Shards, from 0, that have no part in the answer: exit code 3 where there are any. */
export const missingShards = z
  .array(count)
  .describe('Shards, from 0, that have no part in the answer.');

/** A schema that is printed instead of an answer. */
export const anySchema = z.record(z.string(), z.unknown());
