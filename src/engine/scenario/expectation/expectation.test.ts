import { describe, expect, it } from 'vitest';
import type { Answer } from '../../model/question/answer.js';
import type { EventCount, StoryStore } from '../../model/story-store.js';
import type { Finding } from '../../verify/finding.js';
import type { PartitionReport } from '../../verify/verify-partition.js';
import { createPlainLoad } from '../testing/plain-load.js';
import type { StoryTruth } from '../load/story-load.js';
import type { Expectation, ExpectationContext } from './expectation.js';
import { expectationSchema } from './registry.js';

/** 100 actions of three events; each pays 12.34 EUR. */
const truth = createPlainLoad({
  seed: 1,
  fromMs: 0,
  toMs: 300_000,
  eventsPerSecond: 1,
}).truth();

/** The store as it must be. */
const sound: readonly EventCount[] = [
  row({ type: 'page.view', service: 'gateway' }),
  row({ type: 'log', service: 'payment', level: 'info' }),
  row({
    type: 'payment.attempt',
    service: 'payment',
    status: 'ok',
    currency: 'EUR',
    amount: '1234',
  }),
];

function row(about: Partial<EventCount>): EventCount {
  const empty = { type: '', service: '', level: '', status: '', currency: '', amount: '0' };
  return { ...empty, count: 100, ...about };
}

const report: PartitionReport = {
  topic: 'events',
  epoch: 1,
  partition: 0,
  queue: { start: 0n, end: 300n },
  position: 300n,
  ledger: { lineCount: 1, first: 0n, end: 300n, stored: 300, dead: 0 },
  rows: 300,
  deadLetters: 0,
  pending: 0n,
  trimmed: 0n,
  findings: [],
  findingsLeftOut: 0,
};

function finding(kind: Finding['kind'], count = 1): Finding {
  const { topic, epoch, partition } = report;
  return { topic, epoch, partition, kind, first: 7n, last: 7n, count, shards: [] };
}

function contextWith(
  store: Partial<StoryStore>,
  more: Partial<ExpectationContext> = {},
): ExpectationContext {
  const unasked = (): Promise<never> => Promise.reject(new Error('not part of this test'));
  return {
    truth,
    sentCount: 300,
    store: {
      countEvents: unasked,
      countDeadLetters: unasked,
      countWhere: unasked,
      ask: unasked,
      countByService: unasked,
      visibleEnds: unasked,
      sampleQueueTimes: unasked,
      observe: unasked,
      ...store,
    },
    verify: unasked,
    freshness: () => Promise.resolve(null),
    range: { fromMs: 0, toMs: 300_000 },
    signal: new AbortController().signal,
    ...more,
  };
}

function expectation(spec: unknown): Expectation {
  return expectationSchema.parse(spec);
}

describe('counts', () => {
  const look = (rows: readonly EventCount[]) =>
    expectation({ kind: 'counts' }).check(
      contextWith({ countEvents: () => Promise.resolve(rows) }),
    );

  it('hold when every count and every cent is there', async () => {
    expect(await look(sound)).toMatchObject({ isMet: true, details: [] });
  });

  it.each([
    ['one event less', { ...sound[0]!, count: 99 }, 'type page.view: expected 100, stored 99'],
    ['one event more', { ...sound[0]!, count: 101 }, 'service gateway: expected 100, stored 101'],
    ['another level', { ...sound[0]!, level: 'warn' }, 'level warn: expected 0, stored 100'],
    [
      'another status',
      { ...sound[0]!, status: 'odd' },
      'status page.view odd: expected 0, stored 100',
    ],
    [
      'one cent more',
      { ...sound[0]!, currency: 'EUR', amount: '0.01' },
      'amount page.view EUR: expected 0.00, stored 0.01',
    ],
  ])('do not hold with %s, and say where', async (_what, changed, line) => {
    const verdict = await look([changed, ...sound.slice(1)]);
    expect(verdict.isMet).toBe(false);
    expect(verdict.details).toContain(line);
    expect(verdict.command).toMatch(/^atbd query logs .*--from 1970-01-01T00:00:00\.000Z --to /u);
  });
});

function answerOf(question: string, rows: Answer['rows']): Answer {
  const names = [...new Set(rows.flatMap((each) => Object.keys(each)))];
  return {
    question,
    range: { fromNs: 0n, toNs: 1n },
    columns: names.map((name) => ({
      name,
      kind: typeof rows[0]?.[name] === 'number' ? 'count' : 'text',
      summary: '',
    })),
    rows,
    intervalsNs: [],
    facts: [],
    notes: [],
    source: 'events',
    missingShards: [],
  };
}

describe('metrics', () => {
  const look = (assert: string) =>
    expectation({
      kind: 'metrics',
      of: 'transactions',
      by: ['status'],
      where: { service: 'order' },
      from: '1m',
      to: '2m',
      assert,
    }).check(
      contextWith({
        ask: () =>
          Promise.resolve(
            answerOf('transactions', [
              { status: 'paid', transactions: 40 },
              { status: 'failed', transactions: 7 },
            ]),
          ),
      }),
    );

  it('hold when the condition is true for every row', async () => {
    expect(await look('transactions > 6 || status == "paid"')).toMatchObject({
      isMet: true,
      seen: 'true for 2 rows',
    });
  });

  it('say for which row it is false, and the command that shows it', async () => {
    expect(await look('transactions > 7')).toMatchObject({
      isMet: false,
      seen: 'false for 1: transactions = 7',
      command:
        'atbd query transactions --by status --service order --from 1970-01-01T00:01:00.000Z --to 1970-01-01T00:02:00.000Z',
    });
  });

  it('refuse a field that splits nothing, when the story is read', () => {
    const spec = { kind: 'metrics', of: 'latency', by: ['servce'], assert: 'count > 0' };
    expect(() => expectation(spec)).toThrow('Did you mean service?');
  });
});

describe('users', () => {
  const look = (assert: string, asked: unknown[] = []) =>
    expectation({ kind: 'users', every: '15m', to: '1h', assert }).check(
      contextWith({
        ask: (question) => {
          asked.push(question);
          return Promise.resolve({
            ...answerOf('users', [{ total: 30 }, { total: 12 }]),
            facts: [{ name: 'peak', kind: 'count', summary: '', value: 30 }],
          });
        },
      }),
    );

  it('hold when the condition is true for every interval, and for what is said of them all', async () => {
    const asked: unknown[] = [];
    expect(await look('total >= 12 && peak == 30', asked)).toMatchObject({
      isMet: true,
      command:
        'atbd query users --every 15m --from 1970-01-01T00:00:00.000Z --to 1970-01-01T01:00:00.000Z',
    });
    expect(asked).toMatchObject([
      { of: 'users', everyMs: 900_000, range: { fromMs: 0, toMs: 3_600_000 } },
    ]);
  });

  it('say for which interval it is false', async () => {
    expect(await look('total > 12')).toMatchObject({
      isMet: false,
      seen: 'false for 1: total = 12',
    });
  });

  it('refuse intervals that nobody has, when the story is read', () => {
    expect(() => expectation({ kind: 'users', every: '7m', assert: 'total > 0' })).toThrow('7m');
  });
});

describe('retries', () => {
  const look = (row: Record<string, number>, chains: StoryTruth['chains'] = truth.chains) =>
    expectation({ kind: 'retries' }).check(
      contextWith(
        { ask: () => Promise.resolve(answerOf('retries', [row])) },
        { truth: { ...truth, chains } },
      ),
    );

  it('hold when every outcome counts as the truth says; who gave up is open to the truth', async () => {
    expect(await look({ ok_first: 100, recovered: 0, failed: 0 })).toMatchObject({ isMet: true });
    const chains = { ok_first: 90, recovered: 4, failed: 3, open: 3 };
    const row = { ok_first: 90, recovered: 4, failed: 3, open: 1, abandoned: 2 };
    expect(await look(row, chains)).toMatchObject({ isMet: true });
  });

  it('say what was seen instead', async () => {
    expect(await look({ ok_first: 99, recovered: 1 })).toMatchObject({
      isMet: false,
      expected: '100 at once, 0 recovered, 0 failed, 0 open',
      seen: '99 at once, 1 recovered, 0 failed, 0 open',
    });
    expect(await look({ ok_first: 0 }, null)).toMatchObject({ isMet: false });
  });
});

describe('anomalies', () => {
  const look = (who: string, accused: readonly string[], guilty: readonly string[]) =>
    expectation({ kind: 'anomalies', who }).check(
      contextWith(
        {
          ask: () =>
            Promise.resolve(
              answerOf('anomalies', [
                ...accused.map((user) => ({ kind: 'refunds', who: `user ${user}` })),
                { kind: 'series', who: 'payment' },
              ]),
            ),
        },
        { truth: { ...truth, guilty } },
      ),
    );

  it('hold when all the guilty are accused, and nobody else', async () => {
    expect(await look('guilty', ['u-1', 'u-2'], ['u-2', 'u-1'])).toMatchObject({ isMet: true });
    expect(await look('nobody', [], [])).toMatchObject({ isMet: true });
  });

  it('name whom they missed, and whom they accused wrongly', async () => {
    expect(await look('guilty', ['u-1', 'u-3'], ['u-1', 'u-2'])).toMatchObject({
      isMet: false,
      details: ['not accused: u-2', 'accused wrongly: u-3'],
    });
    expect(await look('nobody', ['u-3'], [])).toMatchObject({ isMet: false });
  });
});

describe('traces', () => {
  const look = (missing: ReadonlySet<string>) =>
    expectation({ kind: 'traces', sample: 60 }).check(
      contextWith({
        countByService: (ids) =>
          Promise.resolve(
            new Map(
              ids.map((id) => [
                id,
                new Map([
                  ['gateway', 1],
                  ['payment', missing.has(id) ? 1 : 2],
                ]),
              ]),
            ),
          ),
      }),
    );

  it('hold when each action of the sample has all its events', async () => {
    expect(await look(new Set())).toMatchObject({ isMet: true, expected: '60 traces complete' });
  });

  it('name the action that lacks an event, and the command that shows it', async () => {
    expect(await look(new Set(['plain-1-3']))).toMatchObject({
      isMet: false,
      seen: '59 complete, 1 not',
      details: ['buy plain-1-3: payment 1 of 2'],
      command: 'atbd query trace plain-1-3',
    });
  });

  it('do not hold when there is no action to look at', async () => {
    const none = contextWith({}, { truth: { ...truth, actions: [] } });
    expect((await expectation({ kind: 'traces' }).check(none)).isMet).toBe(false);
  });
});

describe('logs', () => {
  const look = (spec: object, seen: number) =>
    expectation({ kind: 'logs', ...spec }).check(
      contextWith({ countWhere: () => Promise.resolve(seen) }),
    );

  it.each([
    [{ where: { level: 'info' }, count: 'truth' }, '100', [99, 100, 101]],
    [{ where: { service: 'payment' }, count: 'truth' }, '200', [199, 200, 201]],
    [
      { where: { type: 'payment.attempt', fields: ['status=ok'] }, count: 'truth' },
      '100',
      [0, 100, 101],
    ],
    [{ where: { words: 'charged' }, count: 7 }, '7', [6, 7, 8]],
    [{ where: { words: 'charged' }, count: { min: 3, max: 5 } }, '3 to 5', [2, 4, 6]],
  ])('%j wants %s', async (spec, expected, [less, right, more]) => {
    expect(await look(spec, right!)).toMatchObject({ isMet: true, expected });
    expect(await look(spec, less!)).toMatchObject({ isMet: false, seen: String(less) });
    expect(await look(spec, more!)).toMatchObject({ isMet: false, seen: String(more) });
  });

  it('show the command that asks the same', async () => {
    const spec = {
      where: { words: 'card declined', level: 'warn+', fields: ['amount?'] },
      count: 0,
    };
    expect((await look(spec, 1)).command).toMatch(
      /^atbd query logs card declined --level warn\+ -f 'amount\?' --from /u,
    );
  });
});

describe('ingest', () => {
  const look = (changed: Partial<PartitionReport>, sentCount = 300) =>
    expectation({ kind: 'ingest' }).check(
      contextWith(
        {
          countDeadLetters: () =>
            Promise.resolve(new Map([['invalid_json', changed.deadLetters ?? 0]])),
        },
        { sentCount, verify: () => Promise.resolve([{ ...report, ...changed }]) },
      ),
    );

  it('holds when verify finds nothing and all that was sent', async () => {
    expect(await look({})).toMatchObject({
      isMet: true,
      seen: '300 sent, lost 0, twice 0, dead 0',
    });
  });

  it.each([
    ['a row that is gone', { rows: 299, findings: [finding('row_missing')] }, 'lost 1'],
    ['a record that nobody knows of', { rows: 299 }, 'lost 1'],
    ['a row twice', { rows: 301, findings: [finding('row_doubled')] }, 'twice 1'],
    ['a dead letter nobody meant', { rows: 299, deadLetters: 1 }, 'dead 1'],
    ['records that still wait', { rows: 290, pending: 10n }, '10 not yet stored'],
    ['a ledger that contradicts', { findings: [finding('ledger_overlap')] }, '1 contradictions'],
  ])('does not hold with %s', async (_what, changed, seen) => {
    const verdict = await look(changed);
    expect(verdict.isMet).toBe(false);
    expect(verdict.seen).toContain(seen);
  });

  it('does not hold when the queue confirmed fewer than the truth says were sent', async () => {
    expect((await look({ rows: 299 }, 299)).isMet).toBe(false);
  });
});

describe('freshness', () => {
  const look = (p99Ms: number, count = 10) =>
    expectation({ kind: 'freshness', p99: '2s' }).check(
      contextWith(
        {},
        { freshness: () => Promise.resolve({ count, p50Ms: 100, p99Ms, maxMs: 9_000 }) },
      ),
    );

  it('holds below its bound only, and never when nothing was seen', async () => {
    expect(await look(1_999)).toMatchObject({ isMet: true, figures: { freshnessP99Ms: 1_999 } });
    expect(await look(2_000)).toMatchObject({ isMet: false });
    expect(await look(0, 0)).toMatchObject({ isMet: false, seen: 'no record was seen' });
  });
});
