import { z } from 'zod';
import { counts } from './counts.js';
import { freshness } from './freshness.js';
import { ingest } from './ingest.js';
import { logs } from './logs.js';
import { metrics } from './metrics.js';
import { traces } from './traces.js';

/** Every kind of expectation: a file each, and a place in this list. */
export const expectationSchema = z.discriminatedUnion(
  'kind',
  [traces, logs, counts, ingest, metrics, freshness],
  { error: 'must be traces, logs, counts, ingest, metrics or freshness' },
);
