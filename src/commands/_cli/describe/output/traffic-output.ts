import { z } from 'zod';
import type { GenReport } from '../../../gen/_events/gen-report.js';
import { LANE_NAMES, MEASURED_KINDS, type LoadReport } from '../../../gen/_requests/load-report.js';
import type { IngestReport } from '../../ingest/ingest-progress.js';
import { count, moment } from './common.js';

const seconds = z.number();
const counts = z.record(z.string(), count);

export const ingestOutput = z.strictObject({
  topic: z.string(),
  readCount: count,
  sentCount: count,
  rejectedCount: count.describe('Lines that were not taken as what they were meant to be.'),
  reasons: counts,
  byteCount: count,
  seconds,
  inputs: z.array(
    z.strictObject({
      path: z.string(),
      format: z.string().nullable(),
      readCount: count,
      sentCount: count,
      byteCount: count,
      reasons: counts,
      error: z.string().nullable().describe('Why it could not be read to its end.'),
    }),
  ),
}) satisfies z.ZodType<IngestReport>;

export const genLogsOutput = z.strictObject({
  format: z.string(),
  seed: z.number(),
  lineCount: count,
  byteCount: count,
  seconds,
});

const sent = z.strictObject({
  total: count,
  duplicated: count,
  late: count,
  outOfOrder: count,
  skewed: count,
  silenced: count.describe('Never sent; not part of total.'),
  poison: counts.describe('Records that the store must refuse, by the reason it will give.'),
  byType: counts,
  byService: counts,
  byLevel: counts,
  byTypeAndStatus: z.array(z.strictObject({ type: z.string(), status: z.string(), count })),
});

export const genEventsOutput = z.strictObject({
  to: z.string(),
  seed: z.number(),
  from: moment,
  until: moment,
  sentCount: count.describe('By this process, arrived safely.'),
  seconds,
  isComplete: z.boolean(),
  truth: z
    .strictObject({
      sent,
      amounts: z.array(
        z.strictObject({ type: z.string(), currency: z.string(), amount: z.string() }),
      ),
      actionCount: count,
      sessionCount: count,
      chains: z.strictObject({ ok_first: count, recovered: count, failed: count, open: count }),
    })
    .nullable()
    .describe('Of the whole run; null when it was stopped before the end.'),
}) satisfies z.ZodType<GenReport>;

const lane = z.strictObject({
  planned: count,
  done: count,
  failed: count,
  unfinished: count,
  late: count,
  lateMax: z.number(),
  rateWanted: z.number(),
  rate: z.number(),
});

const latency = z.number().nullable().describe('Milliseconds.');

const measure = z.strictObject({
  count,
  errors: count,
  errorsByCode: z.record(z.string(), z.strictObject({ count, first: z.string() })),
  unfinished: count,
  p50: latency,
  p90: latency,
  p99: latency,
  max: latency,
});

export const genRequestsOutput = z.strictObject({
  isComplete: z.boolean(),
  seconds,
  ...named(LANE_NAMES, lane),
  ...named(MEASURED_KINDS, measure),
  asserts: z.array(
    z.strictObject({
      text: z.string(),
      isTrue: z.boolean().nullable(),
      seen: z.record(z.string(), z.number().nullable()),
    }),
  ),
}) satisfies z.ZodType<LoadReport>;

function named<Name extends string, Schema>(
  names: readonly Name[],
  schema: Schema,
): Record<Name, Schema> {
  return Object.fromEntries(names.map((name) => [name, schema])) as Record<Name, Schema>;
}
