import { z } from 'zod';
import { anomalies } from './anomalies.js';
import { counts } from './counts.js';
import { freshness } from './freshness.js';
import { ingest } from './ingest.js';
import { logs } from './logs.js';
import { metrics, users } from './metrics.js';
import { retries } from './retries.js';
import { traces } from './traces.js';

/** Every kind of expectation: a file each, and a place in this list. */
export const expectationSchema = z.discriminatedUnion(
  'kind',
  [traces, logs, counts, ingest, metrics, users, retries, anomalies, freshness],
  {
    error: 'must be traces, logs, counts, ingest, metrics, users, retries, anomalies or freshness',
  },
);
