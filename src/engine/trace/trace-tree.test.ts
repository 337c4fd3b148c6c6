import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { storedEventsOf, type EventAt } from '../testing/stored-events.js';
import { summarizeTrace } from './trace-summary.js';
import { buildTraceTree, walkTraceTree, type TraceNode } from './trace-tree.js';

/** The tree as an outline: message, oddity, children. */
function outline(events: readonly EventAt[]): string[] {
  return [...walkTraceTree(buildTraceTree(storedEventsOf(events)))].map(({ node, depth }) => {
    const oddity = node.oddity === undefined ? '' : ` (${node.oddity})`;
    return `${'  '.repeat(depth)}${nameOf(node)}${oddity}`;
  });
}

function nameOf({ stored }: TraceNode): string {
  return stored.event.message ?? stored.event.span_id ?? '';
}

function span(at: number, span_id: string, parent_id?: string, service = 's'): EventAt {
  const parent = parent_id === undefined ? {} : { parent_id };
  return { at, kind: 'span', service, span_id, duration_ms: 1, ...parent };
}

describe('a trace tree', () => {
  it('nests spans under their parents and logs under their span, in time order', () => {
    const events = [
      { at: 9, message: 'late line', span_id: 'b' },
      span(2, 'b', 'a'),
      span(1, 'a'),
      { at: 3, message: 'of a', span_id: 'a' },
      { at: 0, message: 'of none' },
      { at: 2.5, message: 'of b', span_id: 'b' },
    ];
    expect(outline(events)).toEqual(['of none', 'a', '  b', '    of b', '    late line', '  of a']);
  });

  it('shows at the root what belongs to a span that is not there', () => {
    const events = [span(0, 'a', 'gone'), { at: 1, message: 'line', span_id: 'lost' }];
    expect(outline(events)).toEqual(['a (parentMissing)', 'line']);
  });

  it('hangs a line whose own span is missing on the parent it names', () => {
    const events = [span(0, 'a'), { at: 1, message: 'line', span_id: 'lost', parent_id: 'a' }];
    expect(outline(events)).toEqual(['a', '  line']);
  });

  it('cuts circles at their earliest span', () => {
    const events = [span(1, 'b', 'a'), span(2, 'c', 'b'), span(0, 'a', 'c'), span(3, 'own', 'own')];
    expect(outline(events)).toEqual(['a (circle)', '  b', '    c', 'own (circle)']);
  });

  it('keeps both of two spans with one id, and gives each the lines of its service', () => {
    const events = [
      span(0, 'a', undefined, 'client'),
      span(1, 'a', undefined, 'server'),
      { at: 2, message: 'at client', span_id: 'a', service: 'client' },
      { at: 3, message: 'at server', span_id: 'a', service: 'server' },
      { at: 4, message: 'elsewhere', span_id: 'a', service: 'third' },
    ];
    expect(outline(events)).toEqual([
      'a',
      '  at client',
      '  elsewhere',
      'a (duplicate)',
      '  at server',
    ]);
  });

  it('says when a child starts before its parent, and leaves the times as they are', () => {
    const [root] = buildTraceTree(storedEventsOf([span(5, 'a'), span(2, 'b', 'a')]));
    expect(root?.children.map(({ oddity, startNs }) => ({ oddity, startNs }))).toEqual([
      { oddity: 'beforeParent', startNs: 2_000_000n },
    ]);
  });

  it('measures gaps in time, whatever the nesting', () => {
    const events = [span(0, 'a'), span(1, 'b', 'a'), span(4, 'c', 'a'), span(6, 'd', 'b')];
    const gaps = [...walkTraceTree(buildTraceTree(storedEventsOf(events)))].map(
      ({ node }) => `${nameOf(node)} ${node.gapNs / 1_000_000n}`,
    );
    expect(gaps).toEqual(['a 0', 'b 1', 'd 2', 'c 3']);
  });

  it('holds every event exactly once, whatever the links', () => {
    const id = fc.constantFrom('a', 'b', 'c', 'd', 'e');
    const anyEvent = fc.record(
      {
        at: fc.integer({ min: 0, max: 9 }),
        kind: fc.constantFrom('span', 'log'),
        span_id: id,
        parent_id: id,
        service: fc.constantFrom('x', 'y'),
      },
      { requiredKeys: ['at'] },
    ) as fc.Arbitrary<EventAt>;
    fc.assert(
      fc.property(fc.array(anyEvent, { maxLength: 30 }), (events) => {
        const rows = [...walkTraceTree(buildTraceTree(storedEventsOf(events)))];
        const offsets = rows.map(({ node }) => Number(node.stored.position.offset));
        expect(offsets.toSorted((a, b) => a - b)).toEqual(events.map((_, index) => index));
      }),
      { numRuns: 500 },
    );
  });

  it('bears a chain of 100,000 spans, the worst a hostile service can send', () => {
    const count = 100_000;
    const chain = Array.from({ length: count }, (_, i) => span(i, `s${i}`, `s${i - 1}`));
    let depthMax = 0;
    for (const { depth } of walkTraceTree(buildTraceTree(storedEventsOf(chain)))) {
      depthMax = Math.max(depthMax, depth);
    }
    expect(depthMax).toBe(count - 1);
  });
});

describe('a trace summary', () => {
  it('counts, and names the first error although a failure came before it', () => {
    const summary = summarizeTrace(
      storedEventsOf([
        { at: 9, service: 'b', level: 'error', message: 'second' },
        { at: 0, kind: 'span', span_id: 'x', service: 'a', duration_ms: 20 },
        { at: 2, service: 'b', status: 'timeout', message: 'failure' },
        { at: 3, service: 'a', level: 'warn' },
        { at: 8, service: 'b', level: 'fatal', message: 'first' },
      ]),
    );
    expect(summary).toMatchObject({
      durationNs: 20_000_000n,
      spanCount: 1,
      errorCount: 2,
      warnCount: 1,
      failureCount: 1,
      services: [
        { name: 'a', eventCount: 2, problemCount: 0 },
        { name: 'b', eventCount: 3, problemCount: 3 },
      ],
      firstProblem: { event: { message: 'first' } },
      longGaps: [],
    });
  });

  it.each([
    [
      [0, 100, 400, 1000],
      [600, 300, 100],
    ],
    [
      [0, 99, 200, 400, 1000],
      [600, 200, 101],
    ],
    [[0, 49, 100], [51]],
    [
      [0, 200, 400, 600, 800, 1000],
      [200, 200, 200],
    ],
    [[7], []],
  ])(
    'names of moments %j the silences of %j ms: long ones, a tenth of the whole, at most three',
    (moments, expected) => {
      const { longGaps } = summarizeTrace(storedEventsOf(moments.map((at) => ({ at }))));
      expect(longGaps.map(({ gapNs }) => Number(gapNs) / 1e6)).toEqual(expected);
    },
  );
});
