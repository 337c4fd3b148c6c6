import { z } from 'zod';
import { REFUSALS, type Refusal } from '../../../../engine/dead-letter/repair-letter.js';
import type { DropResult } from '../../../dlq/drop.js';
import type { ReplayAnswer } from '../../../dlq/_dlq/render-replay.js';
import { count, missingShards, moment } from './common.js';
import { letterSpace } from './stack-output.js';

const position = z.string().describe('TOPIC/PARTITION/OFFSET, for dlq show.');

const summary = {
  position,
  topic: z.string(),
  epoch: count.describe("Of the topic's lives."),
  partition: count,
  offset: z.string().describe('64 bits wide, so a text.'),
  state: z.enum(['waiting', 'replayed']),
  reason: z.string(),
  time: moment.describe('Queue time.'),
  key: z.string().nullable().describe('null where it is no UTF-8: see keyBase64.'),
  keyBase64: z.string().optional(),
  producer: z.string().describe('The service that its bytes seem to name.'),
  size: count.describe('Bytes that are stored of it.'),
};

const group = z.strictObject({
  reason: z.string(),
  topic: z.string(),
  waiting: count,
  replayed: count.describe('In the queue again.'),
  bytes: count,
  first: moment,
  last: moment,
  newest: z.strictObject({ position, sample: z.string().describe('Its first bytes.') }),
});

const groups = z.strictObject({
  groups: z.array(group),
  waiting: count,
  replayed: count,
  bytes: count,
  space: letterSpace.nullable().describe('Of all letters, whatever is asked for.'),
  missingShards,
});

const letters = z.strictObject({
  letters: z.array(z.strictObject({ ...summary, sample: z.string().describe('Its first bytes.') })),
  next: z.string().nullable().describe('For --after; null on the last page.'),
  missingShards,
});

const drops = z.strictObject({
  drops: z.array(
    z.strictObject({
      id: z.string(),
      at: moment,
      by: z.string(),
      filter: z.string().describe('As typed; empty: all letters.'),
      letters: count,
      bytes: count,
      topics: z.array(z.string()),
      reasons: z.array(z.string()),
    }),
  ),
  missingShards,
});

export const lettersOutput = z.union([
  groups,
  letters.describe('With --each.'),
  drops.describe('With --dropped.'),
]);

export const letterOutput = z.strictObject({
  ...summary,
  storedAt: moment,
  text: z.string().nullable().describe('Its bytes, where they are UTF-8.'),
  base64: z.string().nullable().describe('Its bytes, where they are no UTF-8.'),
  jsonBreak: z
    .strictObject({
      at: count.describe('Index of the byte.'),
      line: count,
      column: count,
      expected: z.string(),
    })
    .nullable()
    .describe('Where its JSON breaks; null where it was never meant as JSON.'),
  queue: z
    .strictObject({ size: count, headers: z.record(z.string(), z.string()) })
    .nullable()
    .describe('What the queue knows of it; null when it no longer has it.'),
  missingShards,
});

const refusals = Object.keys(REFUSALS) as Refusal[];

export const replayOutput = z.strictObject({
  dryRun: z.boolean().describe('Nothing was sent: it says what would be.'),
  events: count.describe('Letters that were sent as events, or would be.'),
  refused: z
    .partialRecord(z.enum(refusals), count)
    .describe('Letters that are no events after the change, by why not.'),
  recovered: count.describe('Letters that a killed run had sent, and that are marked now.'),
  first: z.string().nullable().describe('The first event as it would be sent; null when it was.'),
}) as z.ZodType<ReplayAnswer>;

export const dropOutput = z.strictObject({
  dryRun: z.boolean().describe('Nothing was dropped: it says what would be.'),
  id: z.string().nullable().describe('As ls --dropped has it; null when nothing was dropped.'),
  letters: count,
  bytes: count,
}) satisfies z.ZodType<DropResult>;
