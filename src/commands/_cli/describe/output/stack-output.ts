import { z } from 'zod';
import type { StackReport } from '../../stack/describe-stack.js';
import type { VerifyAnswer } from '../../verify/render-report.js';
import { REFUSALS } from '../../../../engine/verify/repair/plan-repair.js';
import { FINDING_KINDS } from '../../../../engine/verify/finding.js';
import { count } from './common.js';

/** What dead letters take on the disk, and may take before `status` and `dlq ls` say that it is too much. */
export const letterSpace = z.strictObject({
  bytes: count.describe('On the disk, of the shards that answered.'),
  limitBytes: count.describe('The setting deadLetters.limit.'),
  isNearLimit: z.boolean().describe('Half of it or more.'),
});

const ms = z.number().describe('Milliseconds.');

export const upOutput = z.strictObject({
  home: z.string(),
  alreadyUp: z.boolean(),
  tookMs: ms,
  parts: z.array(z.string()),
});

export const downOutput = z.strictObject({
  home: z.string(),
  wasUp: z.boolean(),
  forced: z.boolean().describe('Parts had to be killed; nothing acknowledged is lost by that.'),
  purged: z.boolean(),
});

const part = z.strictObject({
  name: z.string(),
  state: z.string(),
  healthy: z.boolean(),
  pid: z.int().nullable().describe('null: it lives in the process of the supervisor.'),
  memoryBytes: count.nullable(),
  uptimeMs: ms.nullable(),
  restarts: count,
  lastError: z.string().nullable().describe('Why it ended last.'),
  reportedError: z.string().nullable().describe('The latest failure that it goes on after.'),
  metricsUrl: z
    .string()
    .nullable()
    .describe('Where a worker serves /metrics, /healthz and /readyz; null: it does not.'),
  log: z.string(),
});

export const statusOutput = z.strictObject({
  home: z.string(),
  healthy: z.boolean(),
  stopping: z.boolean(),
  uptimeMs: ms,
  supervisor: z.strictObject({ pid: z.int(), memoryBytes: count.nullable() }),
  parts: z.array(part),
  lag: z.strictObject({
    records: count.nullable().describe('Records that wait to be stored.'),
    error: z.string().nullable(),
  }),
  disk: z.strictObject({
    tables: z.array(z.strictObject({ name: z.string(), rows: count, bytes: count })),
    error: z.string().nullable().describe('Which shards are left out.'),
  }),
  deadLetters: letterSpace,
}) satisfies z.ZodType<StackReport>;

const applied = z.array(z.strictObject({ shard: count, name: z.string() }));

export const migrateOutput = z.strictObject({
  applied,
  pending: applied,
  closedShards: z
    .array(count)
    .describe('Shards that refuse inserts, because a migration was cut off or is at work.'),
});

const offset = z.string().describe('64 bits wide, so a text.');
const verdict = z.enum(['ok', 'failed']);

const place = {
  topic: z.string(),
  epoch: z.int(),
  partition: count,
  first: offset,
  last: offset.describe('Itself included.'),
};
const mended = count.nullable().describe('null: nothing was touched.');

const repairOutput = z.strictObject({
  isApplied: z.boolean().describe('false: this is what --yes would do.'),
  ranges: z.array(
    z.strictObject({ ...place, events: mended, deadLetters: mended, ledgerLines: mended }),
  ),
  figures: z.array(z.strictObject({ shard: count, rollup: z.string(), hours: count })),
  figuresRefusal: z
    .enum(['workers_up', 'chunk_open'])
    .nullable()
    .describe('Why wrong figures were left as they are.'),
  unmended: z.array(
    z.strictObject({
      kind: z.string(),
      ...place,
      refusal: z.enum(Object.keys(REFUSALS) as (keyof typeof REFUSALS)[]),
      message: z.string(),
    }),
  ),
});

export const verifyOutput = z.strictObject({
  verdict,
  partitions: z.array(
    z.strictObject({
      topic: z.string(),
      epoch: z.int(),
      partition: count,
      verdict,
      queue: z
        .strictObject({ start: offset, end: offset })
        .nullable()
        .describe('null: the queue no longer has this life of the topic.'),
      position: offset.nullable(),
      ledger: z.strictObject({
        lines: count,
        first: offset.nullable(),
        end: offset.nullable(),
        stored: count,
        dead: count,
      }),
      rows: count,
      deadLetters: count,
      pending: z.string(),
      trimmed: z.string(),
    }),
  ),
  findings: z.array(
    z.strictObject({
      kind: z.enum(Object.keys(FINDING_KINDS) as (keyof typeof FINDING_KINDS)[]),
      topic: z.string(),
      epoch: z.int(),
      partition: count,
      first: offset,
      last: offset.describe('Itself included.'),
      count,
      shards: z.array(count),
      columns: z.array(z.string()).describe('Where contents differ: in which.'),
      message: z.string(),
      hint: z.string(),
    }),
  ),
  findingsLeftOut: count,
  figures: z
    .array(
      z.strictObject({
        shard: count,
        rollup: z.string(),
        verdict: z.enum(['ok', 'failed', 'not_compared']),
        comparedFrom: z
          .string()
          .nullable()
          .describe('RFC 3339. null: not compared, because no question reads it either.'),
        equalHours: count,
        unsettledHours: count.describe(
          'They changed while they were read, or a chunk is not finished.',
        ),
        wrongHours: count,
        isCutOff: z.boolean().describe('There may be more differences than are listed.'),
        differences: z.array(
          z.strictObject({
            minute: z.string().describe('RFC 3339.'),
            key: z.string().describe('The dimensions that are not empty.'),
            figures: count.describe('Events, as the figures say.'),
            events: count.describe('Events that are there.'),
          }),
        ),
      }),
    )
    .nullable()
    .describe(
      'Figures per minute against a recount of the events. null: not asked for, with --topic.',
    ),
  contents: z
    .strictObject({ compared: count })
    .nullable()
    .describe('Records compared column by column. null: without --contents.'),
  repair: repairOutput
    .nullable()
    .describe('The rest of the answer is from after it. null: not asked for, or nothing to mend.'),
}) satisfies z.ZodType<VerifyAnswer>;
