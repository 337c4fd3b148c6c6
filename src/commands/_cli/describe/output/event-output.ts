import { z } from 'zod';
import { EVENT_FIELDS } from '../../../../engine/model/event.js';
import { count, missingShards, moment } from './common.js';

type FieldType = (typeof EVENT_FIELDS)[keyof typeof EVENT_FIELDS];

const FIELDS: Readonly<Record<FieldType, z.ZodType>> = {
  time: moment,
  string: z.string(),
  integer: z.int(),
  number: z.number(),
  decimal: z.string().meta({ unit: 'exact decimal' }),
  map: z.record(z.string(), z.unknown()),
};

/** What the store knows of an event besides its own fields. */
const place = {
  ts_source: z.string().describe('Where its time comes from: event, or queue where it had none.'),
  flags: z.array(z.string()).describe('What was wrong with it.'),
  topic: z.string(),
  epoch: z.int(),
  partition: count,
  offset: z.string().describe('64 bits wide, so a text.'),
  queue_time: moment,
  ingested_at: moment,
};

/** A stored event: fields without a value are left out; `--fields` may ask for keys of attrs, too. */
export const storedEvent = z
  .object({
    ...Object.fromEntries(
      Object.entries(EVENT_FIELDS).map(([name, type]) => [name, FIELDS[type].optional()]),
    ),
    ...Object.fromEntries(Object.entries(place).map(([name, field]) => [name, field.optional()])),
  })
  .catchall(z.unknown());

const next = z.string().nullable().describe('For --after; null on the last page.');

export const logsPage = z.strictObject({ events: z.array(storedEvent), next, missingShards });

/** With -A, -B or -C: what lies close together is one group. */
export const logsContext = z.strictObject({
  groups: z.array(z.array(z.strictObject({ isHit: z.boolean(), event: storedEvent }))),
  next,
  missingShards,
});

export const logsStatement = z.strictObject({ sql: z.string() });

/** One line of `tail --json`. */
export const tailLine = z.strictObject({
  topic: z.string(),
  partition: count,
  offset: z.string().describe('64 bits wide, so a text.'),
  queueTime: moment,
  event: z.record(z.string(), z.unknown()).optional().describe('As the producer sent it.'),
  deadLetter: z
    .strictObject({ reason: z.string(), sample: z.string().describe('Its first bytes.') })
    .optional()
    .describe('Instead of an event: what is none.'),
});
