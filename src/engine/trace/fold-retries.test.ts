import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { storedEventsOf, type EventAt } from '../testing/stored-events.js';
import { foldRetries, type ViewNode } from './fold-retries.js';
import { buildTraceTree, walkTraceTree } from './trace-tree.js';

function fold(events: readonly EventAt[]): ViewNode[] {
  return foldRetries(buildTraceTree(storedEventsOf(events)));
}

/** The view as an outline: a name, or `name ×2: failed, ok (events folded)`. */
function outline(events: readonly EventAt[]): string[] {
  return [...walkTraceTree(fold(events))].map(({ node, depth }) => {
    const { message, span_id, type } = node.stored.event;
    const name = message ?? span_id ?? type ?? '';
    const { retries } = node;
    const times =
      retries === undefined
        ? ''
        : ` ×${retries.attempts.length}: ${retries.outcomes.join(', ')} (${retries.folded.length})`;
    return `${'  '.repeat(depth)}${name}${times}`;
  });
}

const ROOT: EventAt = {
  at: 0,
  kind: 'span',
  service: 'pay',
  span_id: 'root',
  message: 'charge order',
  duration_ms: 1000,
};

/** A call to a provider, 10 ms long. */
function call(at: number, status: string, more: Partial<EventAt> = {}): EventAt {
  return {
    at,
    kind: 'span',
    service: 'pay',
    span_id: `c${at}`,
    parent_id: 'root',
    operation: 'buy',
    provider: 'acme',
    message: 'call',
    status,
    duration_ms: 10,
    ...more,
  };
}

function line(at: number, message: string, more: Partial<EventAt> = {}): EventAt {
  return { at, service: 'pay', span_id: 'root', level: 'info', message, ...more };
}

describe('folded retries', () => {
  it.each<[string, EventAt[], string[]]>([
    [
      'attempts without numbers, each but the last failed',
      [ROOT, call(10, 'failed'), call(30, 'timeout'), call(50, 'ok')],
      ['charge order', '  call ×3: failed, timeout, ok (3)'],
    ],
    [
      'numbered attempts, whatever they are called and however they end',
      [
        ROOT,
        call(10, 'declined', { attempt: 1, message: 'attempt 1' }),
        call(30, 'ok', { attempt: 2, message: 'attempt 2' }),
      ],
      ['charge order', '  attempt 1 ×2: declined, ok (2)'],
    ],
    [
      'nothing where a call is made again after it went well',
      [ROOT, call(10, 'ok'), call(30, 'ok')],
      ['charge order', '  call', '  call'],
    ],
    [
      'nothing where numbers begin anew',
      [ROOT, call(10, 'failed', { attempt: 2 }), call(30, 'ok', { attempt: 1 })],
      ['charge order', '  call', '  call'],
    ],
    [
      'nothing where calls overlap',
      [ROOT, call(10, 'failed'), call(15, 'ok')],
      ['charge order', '  call', '  call'],
    ],
    [
      'attempts that overlap by what a cut millisecond hides',
      [ROOT, call(10, 'failed'), call(19, 'ok')],
      ['charge order', '  call ×2: failed, ok (2)'],
    ],
    [
      'each provider, service, operation, order and parent by itself',
      [
        ROOT,
        call(10, 'failed'),
        call(30, 'failed', { provider: 'other' }),
        call(50, 'failed', { service: 'other' }),
        call(70, 'failed', { operation: 'other' }),
        call(90, 'failed', { order_id: 'other' }),
        call(110, 'failed', { parent_id: 'c10' }),
      ],
      ['charge order', '  call', '    call', '  call', '  call', '  call', '  call'],
    ],
    [
      'spans of different names, when they do not number themselves, not at all',
      [ROOT, call(10, 'failed', { message: 'GET /a' }), call(30, 'ok', { message: 'GET /b' })],
      ['charge order', '  GET /a', '  GET /b'],
    ],
    [
      'with the lines between attempts and below them',
      [
        ROOT,
        line(5, 'before'),
        call(10, 'failed'),
        line(15, 'inside', { span_id: 'c10' }),
        line(22, 'waits'),
        line(24, 'elsewhere', { service: 'other' }),
        call(30, 'ok'),
        line(45, 'after'),
      ],
      ['charge order', '  before', '  call ×2: failed, ok (4)', '  elsewhere', '  after'],
    ],
    [
      'with what names one of the attempts, also after the last',
      [
        ROOT,
        call(10, 'failed', { attempt: 1, order_id: 'o-1' }),
        call(30, 'ok', { attempt: 2, order_id: 'o-1' }),
        line(45, 'of it', { attempt: 2, provider: 'acme' }),
        line(46, 'of another', { attempt: 2, provider: 'other' }),
        line(47, 'of another', { attempt: 2, order_id: 'o-2' }),
        line(48, 'of none', { attempt: 3 }),
      ],
      ['charge order', '  call ×2: failed, ok (3)', '  of another', '  of another', '  of none'],
    ],
    [
      'lines that may belong to either of two retries stay in sight',
      [
        ROOT,
        call(10, 'failed'),
        call(12, 'failed', { provider: 'other' }),
        line(25, 'whose?'),
        call(30, 'ok'),
        call(32, 'ok', { provider: 'other' }),
      ],
      ['charge order', '  call ×2: failed, ok (2)', '  call ×2: failed, ok (2)', '  whose?'],
    ],
    [
      'what the last attempt called stays in sight, folded in its turn',
      [
        ROOT,
        call(10, 'failed'),
        call(11, 'failed', { parent_id: 'c10', message: 'lost' }),
        call(30, 'ok'),
        call(31, 'failed', { parent_id: 'c30', message: 'inner', duration_ms: 1 }),
        call(33, 'ok', { parent_id: 'c30', message: 'inner', duration_ms: 1 }),
        line(36, 'told', { span_id: 'c30' }),
      ],
      ['charge order', '  call ×2: failed, ok (3)', '    inner ×2: failed, ok (2)', '    told'],
    ],
    [
      'records that number themselves, where there are no spans',
      [1, 2, 3].map((attempt) => ({
        at: attempt,
        kind: 'record',
        type: 'payment.attempt',
        service: 'pay',
        status: attempt < 3 ? 'failed' : 'ok',
        attempt,
      })),
      ['payment.attempt ×3: failed, failed, ok (3)'],
    ],
    [
      'attempts at the root, whose parent is missing',
      [call(10, 'failed', { parent_id: 'gone' }), call(30, 'ok', { parent_id: 'gone' })],
      ['call ×2: failed, ok (2)'],
    ],
  ])('are %s', (_, events, expected) => {
    expect(outline(events)).toEqual(expected);
  });

  it('say how long all took, how much of it was waiting, and whether it went well in the end', () => {
    const retriesOf = (events: readonly EventAt[]) =>
      fold([ROOT, ...events])[0]?.children[0]?.retries;
    expect(retriesOf([call(10, 'failed'), call(120, 'failed'), call(330, 'ok')])).toMatchObject({
      totalNs: 330_000_000n,
      waitedNs: 300_000_000n,
      hasRecovered: true,
    });
    expect(retriesOf([call(10, 'failed'), call(19, 'timeout')])).toMatchObject({
      totalNs: 19_000_000n,
      waitedNs: 0n,
      hasRecovered: false,
    });
  });

  it('say how an attempt without a status ended, as far as is known', () => {
    const events = [ROOT, call(10, '', { level: 'error' }), call(30, '')].map((event) => {
      const { status, ...rest } = event;
      return status === '' ? rest : event;
    });
    expect(outline(events)).toEqual(['charge order', '  call ×2: failed, ? (2)']);
  });

  it('keep each different error once, with how often it came', () => {
    const refused = { level: 'error', span_id: 'c10' };
    const [root] = fold([
      ROOT,
      call(10, 'failed'),
      line(12, 'refused (attempt 1)', refused),
      call(30, 'failed'),
      line(32, 'refused (attempt 2)', refused),
      line(33, 'disk full', { level: 'fatal' }),
      call(50, 'ok'),
    ]);
    const errors = root?.children[0]?.retries?.errors;
    expect(errors?.map(({ first, count }) => [first.event.message, count])).toEqual([
      ['refused (attempt 1)', 2],
      ['disk full', 1],
    ]);
  });

  it('show every event in one line or fold it into one, exactly once', () => {
    const anyEvent = fc
      .record({
        at: fc.integer({ min: 0, max: 40 }),
        kind: fc.constantFrom('span', 'span', 'record', 'log'),
        span_id: fc.constantFrom('a', 'b', 'c', 'd'),
        parent_id: fc.constantFrom('a', 'b', 'c', undefined),
        service: fc.constantFrom('x', 'y'),
        status: fc.constantFrom('failed', 'ok'),
        attempt: fc.constantFrom(1, 2, 3, undefined),
        duration_ms: fc.integer({ min: 0, max: 5 }),
      })
      .map(
        (event) =>
          Object.fromEntries(
            Object.entries(event).filter(([, value]) => value !== undefined),
          ) as unknown as EventAt,
      );
    fc.assert(
      fc.property(fc.array(anyEvent, { maxLength: 40 }), (events) => {
        const seen = [...walkTraceTree(fold(events))].flatMap(({ node }) =>
          (node.retries?.folded ?? [node.stored]).map(({ position }) => Number(position.offset)),
        );
        expect(seen.toSorted((a, b) => a - b)).toEqual(events.map((_, index) => index));
      }),
      { numRuns: 1000 },
    );
  });

  it('bear 50,000 attempts with a line each, and as many things tried twice', () => {
    const count = 50_000;
    const one = Array.from({ length: count }, (_, i) => [
      call(20 * i, 'failed', { attempt: i }),
      line(20 * i + 15, 'line', { attempt: i }),
    ]).flat();
    const many = Array.from({ length: count }, (_, i) =>
      call(20 * i, i % 2 === 0 ? 'failed' : 'ok', { provider: `p${i >> 1}` }),
    );
    expect(fold(one)[0]?.retries?.folded).toHaveLength(2 * count);
    expect(fold(many)).toHaveLength(count / 2);
  });
});
