import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { storedEventsOf, type EventAt } from '../testing/stored-events.js';
import { findCriticalPath, type CriticalPath } from './critical-path.js';
import { summarizeTrace } from './trace-summary.js';
import { buildTraceTree } from './trace-tree.js';

/** A span from one millisecond to another. */
function span(name: string, from: number, to: number, parent?: string): EventAt {
  const link = parent === undefined ? {} : { parent_id: parent };
  return { at: from, kind: 'span', span_id: name, duration_ms: to - from, ...link };
}

function pathOf(events: readonly EventAt[]): CriticalPath | undefined {
  return findCriticalPath(buildTraceTree(storedEventsOf(events)));
}

/** `a 0-5` for each stretch; `-` where no span is. */
function stretchesOf(events: readonly EventAt[]): string[] {
  return (pathOf(events)?.stretches ?? []).map(({ span: owner, startNs, endNs }) => {
    const name = owner?.event.span_id ?? '-';
    return `${name} ${Number(startNs) / 1e6}-${Number(endNs) / 1e6}`;
  });
}

describe('a critical path', () => {
  it.each<[string, EventAt[], string[]]>([
    ['one span is all of it', [span('a', 0, 10)], ['a 0-10']],
    [
      'children one after the other, and the parent between them',
      [span('a', 0, 100), span('b', 20, 50, 'a'), span('c', 60, 90, 'a')],
      ['a 0-20', 'b 20-50', 'a 50-60', 'c 60-90', 'a 90-100'],
    ],
    [
      'of children side by side the one that ends last; before its start the parent',
      [span('a', 0, 100), span('b', 10, 90, 'a'), span('c', 10, 50, 'a'), span('d', 5, 40, 'a')],
      ['a 0-10', 'b 10-90', 'a 90-100'],
    ],
    [
      'overlapping children: the earlier counts up to where the later was called only if it had ended',
      [span('a', 0, 100), span('b', 0, 60, 'a'), span('c', 40, 100, 'a')],
      ['a 0-40', 'c 40-100'],
    ],
    [
      'clocks that differ by a little: a child that overlaps the next by 2 ms came before it',
      [span('a', 0, 100), span('b', 0, 52, 'a'), span('c', 50, 100, 'a')],
      ['b 0-50', 'c 50-100'],
    ],
    [
      'clocks that differ by a little: a child that ends 2 ms after its parent was waited for',
      [span('r', 0, 200), span('a', 0, 100, 'r'), span('b', 20, 102, 'a')],
      ['a 0-20', 'b 20-100', 'r 100-200'],
    ],
    [
      'clocks that differ by a little: what lies within for more than its half was waited for',
      [span('r', 0, 200), span('a', 0, 100, 'r'), span('b', 97, 102, 'a')],
      ['a 0-97', 'b 97-100', 'r 100-200'],
    ],
    [
      'clocks that differ by a little: what lies after for its half was not',
      [span('r', 0, 200), span('a', 0, 100, 'r'), span('b', 98, 102, 'a')],
      ['a 0-100', 'r 100-200'],
    ],
    [
      'spans that end at one moment: the outermost has waited for its first child',
      [span('r', 0, 100), span('a', 0, 100, 'r'), span('b', 50, 100, 'r'), span('c', 90, 100, 'b')],
      ['a 0-100'],
    ],
    [
      'clocks that differ by a lot: of a child that starts before its parent the part within counts',
      [span('a', 0, 100), span('b', -50, 40, 'a')],
      ['- -50-0', 'b 0-40', 'a 40-100'],
    ],
    [
      'a child wholly before its parent delayed nothing in it',
      [span('a', 0, 100), span('b', -50, -20, 'a')],
      ['b -50--20', '- -20-0', 'a 0-100'],
    ],
    [
      'an asynchronous child that nobody waits for is off the path',
      [span('r', 0, 200), span('a', 0, 100, 'r'), span('b', 80, 180, 'a')],
      ['a 0-100', 'r 100-200'],
    ],
    [
      'an asynchronous child that ends last: its own time, and its parents up to where they called it',
      [
        span('r', 0, 100),
        span('a', 10, 90, 'r'),
        span('x', 15, 30, 'a'),
        span('b', 60, 300, 'a'),
        span('y', 95, 99, 'r'),
      ],
      ['r 0-10', 'a 10-15', 'x 15-30', 'a 30-60', 'b 60-300'],
    ],
    [
      'a message that waits in a queue until its sender is gone: that time is no span’s',
      [span('a', 0, 100), span('b', 130, 200, 'a')],
      ['a 0-100', '- 100-130', 'b 130-200'],
    ],
    [
      'several roots, as after a missing parent: the one that ended last before',
      [span('a', 0, 30, 'gone'), span('b', 10, 40, 'gone'), span('c', 50, 90)],
      ['- 0-10', 'b 10-40', '- 40-50', 'c 50-90'],
    ],
    [
      'lines before the first span and after the last',
      [{ at: 0, message: 'x' }, span('a', 10, 20), { at: 50, message: 'y' }],
      ['- 0-10', 'a 10-20', '- 20-50'],
    ],
    [
      'a span of no length takes no time',
      [
        span('a', 0, 10),
        span('b', 5, 5, 'a'),
        { at: 7, kind: 'span', span_id: 'c', parent_id: 'a' },
      ],
      ['a 0-10'],
    ],
    ['no span, no path', [{ at: 0, message: 'x' }], []],
    ['spans of no length alone', [span('a', 0, 0)], []],
  ])('%s', (_, events, expected) => {
    expect(stretchesOf(events)).toEqual(expected);
  });

  it('covers the action without holes and overlaps, whatever the spans', () => {
    fc.assert(
      fc.property(fc.array(anySpan, { minLength: 1, maxLength: 25 }), (events) => {
        const stored = storedEventsOf(events);
        const path = findCriticalPath(buildTraceTree(stored));
        const { startNs, durationNs, spanCount } = summarizeTrace(stored);
        if (path === undefined) {
          expect(spanCount).toBe(0);
          return;
        }
        let nowNs = startNs;
        for (const stretch of path.stretches) {
          expect(stretch.startNs).toBe(nowNs);
          expect(stretch.endNs).toBeGreaterThan(stretch.startNs);
          nowNs = stretch.endNs;
        }
        expect(nowNs).toBe(startNs + durationNs);
        const self = [...path.selfNs.values()];
        expect(self.reduce((sum, ns) => sum + ns, path.outsideNs)).toBe(durationNs);
      }),
      { numRuns: 1000 },
    );
  });

  it('gives a span no time in which it did not run', () => {
    fc.assert(
      fc.property(fc.array(anySpan, { minLength: 1, maxLength: 25 }), (events) => {
        for (const { span: owner, startNs, endNs } of pathOf(events)?.stretches ?? []) {
          if (owner === undefined) continue;
          expect(startNs).toBeGreaterThanOrEqual(owner.tsNs);
          const lengthNs = BigInt(Math.round((owner.event.duration_ms ?? 0) * 1e6));
          expect(endNs).toBeLessThanOrEqual(owner.tsNs + lengthNs);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('is what a program of calls really waited for', () => {
    fc.assert(
      fc.property(anyProgram, (program) => {
        const run = runProgram(program);
        const path = pathOf(run.events);
        const found = new Map(
          [...(path?.selfNs ?? [])].map(([{ event }, ns]) => [
            event.span_id ?? '',
            Number(ns) / 1e6,
          ]),
        );
        expect(found).toEqual(run.selfMs);
        expect(path?.outsideNs).toBe(0n);
      }),
      { numRuns: 500 },
    );
  });

  it.each([
    ['nested', (i: number) => span(`s${i}`, i, 200_000 - i, `s${i - 1}`)],
    ['each before its parent', (i: number) => span(`s${i}`, -2 * i, -2 * i + 1, `s${i - 1}`)],
    ['each after its parent', (i: number) => span(`s${i}`, 2 * i, 2 * i + 1, `s${i - 1}`)],
  ])('bears a hostile chain of 100,000 spans, %s', (_, spanAt) => {
    const chain = Array.from({ length: 100_000 }, (_unused, i) => spanAt(i));
    expect(pathOf(chain)?.selfNs.size).toBe(100_000);
  });
});

const anySpan: fc.Arbitrary<EventAt> = fc
  .record({
    at: fc.integer({ min: 0, max: 60 }),
    length: fc.integer({ min: 0, max: 60 }),
    id: fc.integer({ min: 0, max: 12 }),
    parent: fc.option(fc.integer({ min: 0, max: 12 }), { nil: undefined }),
    isSpan: fc.boolean(),
  })
  .map(({ at, length, id, parent, isSpan }) => ({
    at,
    kind: isSpan ? 'span' : 'log',
    span_id: `s${id}`,
    ...(isSpan ? { duration_ms: length } : {}),
    ...(parent === undefined ? {} : { parent_id: `s${parent}` }),
  }));

/** What a span does: it works for so many milliseconds, calls and waits, or calls several at once and waits for all. */
type Statement =
  | { readonly kind: 'work'; readonly ms: number }
  | { readonly kind: 'call'; readonly body: readonly Statement[] }
  | { readonly kind: 'callAll'; readonly bodies: readonly (readonly Statement[])[] };

const { body: anyProgram } = fc.letrec<{ body: Statement[]; statement: Statement }>((tie) => ({
  body: fc.array(tie('statement'), { minLength: 1, maxLength: 4 }),
  statement: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.record({ kind: fc.constant('work' as const), ms: fc.integer({ min: 1, max: 500 }) }),
    fc.record({ kind: fc.constant('call' as const), body: tie('body') }),
    fc.record({
      kind: fc.constant('callAll' as const),
      bodies: fc.array(tie('body'), { minLength: 2, maxLength: 3 }),
    }),
  ),
}));

interface ProgramRun {
  readonly events: readonly EventAt[];
  /** By span: its own work on the way that decided how long all took. */
  readonly selfMs: ReadonlyMap<string, number>;
}

/** Runs a program by a clock of its own, and notes what was waited for as it goes. */
function runProgram(program: readonly Statement[]): ProgramRun {
  const events: EventAt[] = [];
  /** Runs a body from a moment on; gives its end and who decided it. */
  function run(body: readonly Statement[], at: number, parent: string | undefined) {
    const name = `s${events.length}`;
    const index = events.push(span(name, at, at, parent)) - 1;
    let now = at;
    const self = new Map<string, number>();
    for (const statement of body) {
      if (statement.kind === 'work') {
        now += statement.ms;
        addTo(self, [[name, statement.ms]]);
        continue;
      }
      const bodies = statement.kind === 'call' ? [statement.body] : statement.bodies;
      const start = now;
      const called = bodies.map((each) => run(each, start, name));
      // The path takes the first of those that end at one moment, which is the order of the events.
      const last = called.reduce((a, b) => (b.end > a.end ? b : a));
      now = last.end;
      addTo(self, last.self);
    }
    events[index] = span(name, at, now, parent);
    return { end: now, self };
  }
  return { selfMs: run(program, 0, undefined).self, events };
}

function addTo(sums: Map<string, number>, more: Iterable<readonly [string, number]>): void {
  for (const [name, ms] of more) sums.set(name, (sums.get(name) ?? 0) + ms);
}
