import { z } from 'zod';
import { AtbdError } from '../model/error.js';
import { EVENT_FIELDS, type EventField } from '../model/event.js';
import { nearestName } from '../model/nearest-name.js';
import type { JourneysSpec } from '../model/question/journeys.js';
import { quoteValue } from '../model/visible-text.js';
import { durationMs } from '../time/time-schema.js';
import { conditionsOf, SHOP_JOURNEYS, type ReadCondition } from './journeys.js';
import { ABOUT_JOURNEYS, fileOf } from './journeys-file.js';

/** Longer is a list of data, and not what somebody means by a word. */
const LIST_LENGTH_MAX = 50;

/** Each is a row of the answer, and no way to a sale has more. */
const STEP_COUNT_MAX = 10;

/** As much as anybody writes by hand; each is sent with every question. */
const CONDITION_LENGTH_MAX = 4_000;

/** It stands in a column. */
const STEP_NAME_LENGTH_MAX = 40;

const FIELDS = (Object.keys(EVENT_FIELDS) as EventField[]).filter(
  (name) => EVENT_FIELDS[name] === 'string',
);

/** A name without `attrs.` that is no field is a slip: a number that counts nothing would not show it. */
const fieldName = z
  .string()
  .regex(new RegExp(`^(?:${FIELDS.join('|')}|attrs\\.[\\s\\S]+)$`, 'u'), { error: sayNoField });

const text = z.string({ error: 'must be text: put it in quotes' }).min(1, 'must not be empty');

const texts = z
  .array(text, { error: 'must be a list of texts' })
  .max(LIST_LENGTH_MAX, `must have at most ${LIST_LENGTH_MAX} entries`);

const fields = z
  .record(
    fieldName,
    z.union([text, texts.min(1, 'must name a value')], {
      error: 'must be a text or a list of texts',
    }),
  )
  .refine((named) => Object.keys(named).length > 0, 'must name a field: every event would count');

const condition = text.max(CONDITION_LENGTH_MAX, 'is too long');

const where = z
  .union([condition, fields], {
    error: `must name fields and their values, such as { type: page.view }, or be a condition such as 'type == "page.view"'`,
  })
  .describe(
    'Events of which each field named (or attrs.KEY) has the value, or one of the values; or a condition in CEL, as --where takes it.',
  );

const someTime = durationMs.refine((ms) => ms > 0, 'must be longer than nothing');

const shop = fileOf(SHOP_JOURNEYS);

const sessions = z.strictObject({
  gap: someTime.prefault(shop.sessions.gap).describe(ABOUT_JOURNEYS['sessions.gap']),
  linger: durationMs.prefault(shop.sessions.linger).describe(ABOUT_JOURNEYS['sessions.linger']),
  buyingOperations: texts
    .default(shop.sessions.buyingOperations)
    .describe(ABOUT_JOURNEYS['sessions.buyingOperations']),
});

const transactions = z.strictObject({
  where: where.default(shop.transactions.where),
  okStatuses: texts
    .default(shop.transactions.okStatuses)
    .describe(ABOUT_JOURNEYS['transactions.okStatuses']),
});

const attempts = z.strictObject({
  where: where.default(shop.attempts.where),
  okStatuses: texts
    .default(shop.attempts.okStatuses)
    .describe(ABOUT_JOURNEYS['attempts.okStatuses']),
  patience: someTime.prefault(shop.attempts.patience).describe(ABOUT_JOURNEYS['attempts.patience']),
  abandoned: z
    .enum(['failed', 'apart'], { error: 'must be failed or apart' })
    .default(shop.attempts.abandoned)
    .describe(ABOUT_JOURNEYS['attempts.abandoned']),
});

const settled = z.strictObject({
  ok: where.default(shop.settled.ok),
  failed: where.default(shop.settled.failed),
  refunded: where.default(shop.settled.refunded),
});

const funnel = z.strictObject({
  within: someTime.nullable().default(null).describe(ABOUT_JOURNEYS['funnel.within']),
  steps: z
    .array(z.strictObject({ step: text.max(STEP_NAME_LENGTH_MAX), where }))
    .min(2, 'must have at least two steps')
    .max(STEP_COUNT_MAX, `must have at most ${STEP_COUNT_MAX} steps`)
    .refine(
      (steps) => new Set(steps.map(({ step }) => step)).size === steps.length,
      'must give each step a name of its own',
    )
    .default(shop.funnel.steps),
});

/** A file of journeys; what it leaves out is as in the shop, and unknown keys are mistakes. */
export const journeysSchema = z
  .strictObject({
    $schema: z.string().optional().describe('Where editors find this schema.'),
    pageViews: z
      .strictObject({ where: where.default(shop.pageViews.where) })
      .prefault({})
      .describe(ABOUT_JOURNEYS.pageViews),
    sessions: sessions.prefault({}).describe(ABOUT_JOURNEYS.sessions),
    transactions: transactions.prefault({}).describe(ABOUT_JOURNEYS.transactions),
    attempts: attempts.prefault({}).describe(ABOUT_JOURNEYS.attempts),
    settled: settled.prefault({}).describe(ABOUT_JOURNEYS.settled),
    funnel: funnel.prefault({}).describe(ABOUT_JOURNEYS.funnel),
  })
  .transform(({ pageViews, sessions, transactions, attempts, settled, funnel }): JourneysSpec => ({
    pageViews,
    sessions: {
      gapMs: sessions.gap,
      lingerMs: sessions.linger,
      buyingOperations: sessions.buyingOperations,
    },
    transactions,
    attempts: {
      where: attempts.where,
      okStatuses: attempts.okStatuses,
      patienceMs: attempts.patience,
      abandoned: attempts.abandoned,
    },
    settled,
    funnel: { withinMs: funnel.within, steps: funnel.steps },
  }));

/** The same, and every condition in CEL is one that can be read. */
export function journeysSchemaWith(readCondition: ReadCondition): z.ZodType<JourneysSpec> {
  return journeysSchema.superRefine((spec, context) => {
    for (const { path, text } of conditionsOf(spec)) {
      try {
        readCondition(text);
      } catch (error) {
        if (!(error instanceof AtbdError)) throw error;
        const message = `${error.message}. ${error.hint}`;
        context.addIssue({ code: 'custom', path: [...path], message });
      }
    }
  });
}

/** The schema that editors and other tools check a file of journeys by. */
export function journeysJsonSchema(): Record<string, unknown> {
  const schema = z.toJSONSchema(journeysSchema, { io: 'input' });
  return { title: 'What business numbers count (journeys.yaml)', ...schema };
}

function sayNoField({ input }: { readonly input?: unknown }): string {
  const near = nearestName(String(input), FIELDS);
  const meant = near === undefined ? '' : ` Did you mean ${near}?`;
  return `${quoteValue(String(input))} is no field of text.${meant} A key of attrs is written attrs.KEY`;
}
