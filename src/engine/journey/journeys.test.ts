import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { createMatch } from '../filter/create-match.js';
import { compileWhere } from '../filter/where/compile-where.js';
import type { JourneysSpec } from '../model/question/journeys.js';
import { compileJourneys, SHOP_JOURNEYS } from './journeys.js';
import { journeysJsonSchema, journeysSchema, journeysSchemaWith } from './journeys-schema.js';
import { journeysText } from './journeys-text.js';

function docs(name: string): string {
  return readFileSync(new URL(`../../../docs/${name}`, import.meta.url), 'utf8');
}

const text = fc.oneof(
  fc.string({ minLength: 1, unit: 'grapheme' }),
  fc.constantFrom('null', 'yes', '1', ' x', '- a', '# no', '[ a ]', '{', "it's", 'a: b', '"', '\n'),
);
const ms = fc.oneof(
  fc.integer({ min: 1, max: 86_400_000 }),
  fc.integer({ min: 1, max: 500_000 }).map((minutes) => minutes * 60_000),
);
const field = fc.oneof(
  fc.constantFrom('type', 'status', 'service', 'attrs.a.b'),
  text.map((key) => `attrs.${key.replaceAll('\n', '')}x`),
);
const fields = fc.dictionary(
  field,
  fc.oneof(text, fc.array(text, { minLength: 1, maxLength: 3 })),
  {
    minKeys: 1,
    maxKeys: 3,
    noNullPrototype: true,
  },
);
/** Fields and their values, or a condition in CEL. */
const where = fc.oneof(fields, text);
const texts = fc.array(text, { maxLength: 4 });

const spec: fc.Arbitrary<JourneysSpec> = fc.record({
  pageViews: fc.record({ where }),
  sessions: fc.record({
    gapMs: ms,
    lingerMs: fc.oneof(fc.constant(0), ms),
    buyingOperations: texts,
  }),
  transactions: fc.record({ where, okStatuses: texts }),
  attempts: fc.record({
    where,
    okStatuses: texts,
    patienceMs: ms,
    abandoned: fc.constantFrom('failed' as const, 'apart' as const),
  }),
  settled: fc.record({ ok: where, failed: where, refunded: where }),
  funnel: fc.record({
    withinMs: fc.option(ms),
    steps: fc.uniqueArray(fc.record({ step: text, where }), {
      minLength: 2,
      maxLength: 4,
      selector: ({ step }) => step,
    }),
  }),
});

describe('a file of journeys', () => {
  it('says what the shop says where it says nothing', () => {
    expect(journeysSchema.parse({})).toEqual(SHOP_JOURNEYS);
  });

  it('changes one thing and nothing else', () => {
    expect(journeysSchema.parse({ attempts: { patience: '1h30m' } })).toEqual({
      ...SHOP_JOURNEYS,
      attempts: { ...SHOP_JOURNEYS.attempts, patienceMs: 5_400_000 },
    });
  });

  it('is read back as what was written, whatever that is', () => {
    fc.assert(
      fc.property(spec, (written) => {
        expect(journeysSchema.parse(parse(journeysText(written)))).toEqual(written);
      }),
      { numRuns: 100 },
    );
  });

  it('stands whole in the docs as the shop has it', () => {
    const [, printed] = /```yaml\n(pageViews:.*?|# A page.*?)```/su.exec(docs('journeys.md')) ?? [];
    expect(printed).toBe(journeysText(SHOP_JOURNEYS));
    expect(journeysSchema.parse(parse(printed ?? ''))).toEqual(SHOP_JOURNEYS);
  });

  it('has the schema in the docs that `atbd journeys validate --schema` prints', () => {
    expect(JSON.parse(docs('journeys.schema.json'))).toEqual(journeysJsonSchema());
  });
});

describe('compileJourneys', () => {
  it('asks all fields, each for one of its values', () => {
    const { attempts } = compileJourneys(
      journeysSchema.parse({
        attempts: { where: { type: 'charge', 'attrs.channel': ['web', 'app'] } },
      }),
    );
    const match = createMatch(attempts);
    expect(match({ type: 'charge', channel: 'app' })).toBe(true);
    expect(match({ type: 'charge', attrs: { channel: 'web' } })).toBe(true);
    expect(match({ type: 'charge', channel: 'phone' })).toBe(false);
    expect(match({ type: 'payment.attempt', channel: 'app' })).toBe(false);
  });

  it('reads a condition in CEL where there is one, in any place', () => {
    const where = 'type == "charge" && attrs.channel != "phone"';
    const spec = journeysSchema.parse({
      pageViews: { where },
      settled: { refunded: where },
      funnel: {
        steps: [
          { step: 'a', where: { type: 'x' } },
          { step: 'b', where },
        ],
      },
    });
    const read = (text: string) => compileWhere(text, { flag: 'test' });
    const { pageViews, refunded, funnel, attempts } = compileJourneys(spec, read);
    for (const filter of [pageViews, refunded, funnel[1]!.filter]) {
      const match = createMatch(filter);
      expect(match({ type: 'charge', channel: 'web' })).toBe(true);
      expect(match({ type: 'charge', channel: 'phone' })).toBe(false);
      expect(match({ type: 'x' })).toBe(false);
    }
    expect(createMatch(funnel[0]!.filter)({ type: 'x' })).toBe(true);
    expect(createMatch(attempts)({ type: 'payment.attempt' })).toBe(true);
  });

  it('names every condition that cannot be read, and its place', () => {
    const where = 'tpye ==';
    const file = {
      ...{ pageViews: { where }, transactions: { where }, attempts: { where } },
      settled: { ok: where, failed: where, refunded: where },
      funnel: {
        steps: [
          { step: 'a', where },
          { step: 'b', where: 'type == "b"' },
        ],
      },
    };
    const read = (text: string) => compileWhere(text, { flag: 'the condition' });
    const { error } = journeysSchemaWith(read).safeParse(file);
    expect(error?.issues.map(({ path }) => path.join('.'))).toEqual([
      'pageViews.where',
      'transactions.where',
      'attempts.where',
      'settled.ok',
      'settled.failed',
      'settled.refunded',
      'funnel.steps.0.where',
    ]);
    expect(error?.issues[0]?.message).toMatch(/^cannot read the condition "tpye ==": /u);
  });
});
