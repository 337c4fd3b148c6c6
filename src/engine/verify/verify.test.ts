import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LedgerLine } from '../model/verify.js';
import type { FindingKind } from './finding.js';
import { History, type StoredRecord } from './testing/history.js';
import type { PartitionReport } from './verify-partition.js';
import { verify } from './verify.js';

const SHARD_COUNT = 3;

/** What the worker makes of a partition: chunks of the given sizes; `hole` and `dead` per offset, `many` is a record of three events. */
interface Shape {
  readonly chunks: readonly (readonly ('row' | 'many' | 'dead' | 'hole')[])[];
  /** Records produced after the last commit. */
  readonly pendingCount: number;
}

const shapes: fc.Arbitrary<Shape> = fc.record({
  chunks: fc.array(
    fc.array(fc.constantFrom('row', 'row', 'many', 'dead', 'hole'), {
      minLength: 1,
      maxLength: 9,
    }),
    { minLength: 1, maxLength: 12 },
  ),
  pendingCount: fc.nat({ max: 3 }),
});

/** From one record's offset to the next: numbers, or times with room for a million each. */
const strides = fc.constantFrom(1n, 2n ** 20n);

/** A history in which everything went well. */
function soundHistory(
  { chunks, pendingCount }: Shape,
  { firstOffset = 0n, stride = 1n } = {},
): History {
  const history = new History();
  const shard = 1;
  let offset = firstOffset;
  history.queueStart = offset;
  for (const fates of chunks) {
    const first = offset;
    const counts = { row: 0, many: 0, dead: 0, hole: 0 };
    for (const fate of fates) {
      counts[fate] += 1;
      if (fate !== 'hole') history.offsets.push(offset);
      if (fate === 'row' || fate === 'many') history.rows.push({ offset, shard });
      if (fate === 'many')
        history.rows.push({ offset, shard, item: 1 }, { offset, shard, item: 2 });
      if (fate === 'dead') history.deadLetters.push({ offset, shard });
      offset += stride;
    }
    const { row, many, dead } = counts;
    const line = { shard, first, last: offset - 1n, stored: row + many, dead, more: 2 * many };
    history.ledger.push({ ...line, copies: 1 });
  }
  history.position = offset;
  for (let count = 0; count < pendingCount; count += 1) {
    history.offsets.push(offset);
    offset += stride;
  }
  history.queueEnd = offset;
  return history;
}

interface Arrived {
  readonly fromMs: number | null;
  readonly toMs: number | null;
}

async function reportOf(
  history: History,
  arrived: Arrived = { fromMs: null, toMs: null },
): Promise<PartitionReport> {
  const { signal } = new AbortController();
  const { queue } = history;
  const options = { groupId: 'atbd-ingest', topic: undefined, arrived };
  const reports = await verify(options, { queue, store: history, signal });
  return reports[0]!;
}

async function faultsOf(history: History): Promise<string[]> {
  const { findings } = await reportOf(history);
  return findings.map(({ kind, first, last, count }) => `${kind} ${first}-${last} x${count}`);
}

/** One thing broken, and the finding that must name it. */
interface Fault {
  readonly kind: FindingKind;
  readonly first: bigint;
  readonly last: bigint;
}

type Break = (history: History, pick: number) => Fault | undefined;

const breaks: Record<string, Break> = {
  'row deleted': (history, pick) => {
    const row = firstsOf(history)[pick % firstsOf(history).length];
    history.rows = history.rows.filter((other) => other !== row);
    return row && { kind: 'row_missing', first: row.offset, last: row.offset };
  },
  'inner event deleted': (history, pick) => {
    const inner = innerOf(history)[pick % innerOf(history).length];
    history.rows = history.rows.filter((other) => other !== inner);
    return inner && { kind: 'inner_event_missing', ...chunkOf(history, inner) };
  },
  'inner event doubled': (history, pick) => {
    const inner = innerOf(history)[pick % innerOf(history).length];
    if (inner) history.rows.push({ ...inner, shard: pick % SHARD_COUNT });
    return inner && { kind: 'inner_event_doubled', ...chunkOf(history, inner) };
  },
  'row doubled on a shard': (history, pick) => {
    const row = firstsOf(history)[pick % firstsOf(history).length];
    if (row) history.rows.push({ ...row, shard: pick % SHARD_COUNT });
    return row && { kind: 'row_doubled', first: row.offset, last: row.offset };
  },
  'dead letter dropped': (history, pick) => {
    const letter = history.deadLetters[pick % history.deadLetters.length];
    history.deadLetters = history.deadLetters.filter((other) => other !== letter);
    return letter && { kind: 'dead_letter_missing', first: letter.offset, last: letter.offset };
  },
  'dead letter doubled': (history, pick) => {
    const letter = history.deadLetters[pick % history.deadLetters.length];
    if (letter) history.deadLetters.push({ ...letter, shard: pick % SHARD_COUNT });
    return letter && { kind: 'dead_letter_doubled', first: letter.offset, last: letter.offset };
  },
  'ledger line gone': (history, pick) => {
    const line = history.ledger[pick % history.ledger.length]!;
    history.ledger = history.ledger.filter((other) => other !== line);
    const place = recordsOf(history, line);
    return place && { kind: 'ledger_line_missing', ...place };
  },
  'ledger line doubled on another shard': (history, pick) => {
    const line = history.ledger[pick % history.ledger.length]!;
    history.ledger.push({ ...line, shard: 2 });
    return { kind: 'ledger_overlap', first: line.first, last: line.last };
  },
  'ledger line doubled on the same shard': (history, pick) => {
    const index = pick % history.ledger.length;
    const line = history.ledger[index]!;
    history.ledger[index] = { ...line, copies: 2 };
    return { kind: 'ledger_overlap', first: line.first, last: line.last };
  },
  'chunk never stored': (history, pick) => {
    const line = history.ledger[pick % history.ledger.length]!;
    const place = recordsOf(history, line);
    const isOutside = ({ offset }: { offset: bigint }): boolean =>
      offset < line.first || offset > line.last;
    history.ledger = history.ledger.filter((other) => other !== line);
    history.rows = history.rows.filter(isOutside);
    history.deadLetters = history.deadLetters.filter(isOutside);
    return place && { kind: 'hole', ...place };
  },
  'row put in by hand past the queue': (history, pick) => {
    const offset = history.queueEnd + BigInt(pick);
    history.rows.push({ offset, shard: 0 });
    return { kind: 'ledger_line_missing', first: offset, last: offset };
  },
  'row also a dead letter': (history, pick) => {
    const row = firstsOf(history)[pick % firstsOf(history).length];
    if (row) history.deadLetters.push(row);
    return row && { kind: 'row_and_dead_letter', first: row.offset, last: row.offset };
  },
};

const firstsOf = ({ rows }: History): StoredRecord[] => rows.filter(({ item = 0 }) => item === 0);
const innerOf = ({ rows }: History): StoredRecord[] => rows.filter(({ item = 0 }) => item > 0);

/** Of inner events a finding names the chunk. */
function chunkOf({ ledger }: History, { offset }: StoredRecord): { first: bigint; last: bigint } {
  const line = ledger.find(({ first, last }) => first <= offset && offset <= last);
  return { first: line!.first, last: line!.last };
}

function recordsOf(
  history: History,
  line: LedgerLine,
): { first: bigint; last: bigint } | undefined {
  const within = history.offsets.filter((offset) => offset >= line.first && offset <= line.last);
  return within.length === 0 ? undefined : { first: within[0]!, last: within.at(-1)! };
}

describe('verify', () => {
  it('finds nothing in any sound history', async () => {
    await fc.assert(
      fc.asyncProperty(shapes, fc.nat({ max: 50 }), strides, async (shape, start, stride) => {
        const history = soundHistory(shape, { firstOffset: BigInt(start), stride });
        const report = await reportOf(history);
        expect(report.findings).toEqual([]);
        expect(report.rows).toBe(firstsOf(history).length);
        expect(report.pending).toBe(BigInt(shape.pendingCount));
      }),
    );
  });

  it.each(Object.keys(breaks))('names the place in any history: %s', async (name) => {
    await fc.assert(
      fc.asyncProperty(shapes, fc.nat({ max: 200 }), strides, async (shape, pick, stride) => {
        const history = soundHistory(shape, { stride });
        const fault = breaks[name]!(history, pick);
        fc.pre(fault !== undefined);
        const { findings } = await reportOf(history);
        expect(findings).toContainEqual(expect.objectContaining(fault));
        // Nothing else is blamed than the broken place.
        for (const { first, last } of findings) {
          expect(first >= fault.first && last <= fault.last).toBe(true);
        }
      }),
    );
  });

  it.each(Object.keys(breaks))('with a time range, looks at its chunks alone: %s', async (name) => {
    const moment = fc.option(fc.nat({ max: 60 }));
    const range = fc.record({ fromMs: moment, toMs: moment });
    await fc.assert(
      fc.asyncProperty(shapes, fc.nat({ max: 200 }), range, async (shape, pick, arrived) => {
        const sound = soundHistory(shape);
        expect(await reportOf(sound, arrived)).toMatchObject({ findings: [] });
        const history = soundHistory(shape);
        const fault = breaks[name]!(history, pick);
        fc.pre(fault !== undefined);
        const offsetAt = (ms: number): bigint =>
          sound.offsets.find((offset) => offset >= ms) ?? sound.queueEnd;
        const from = arrived.fromMs === null ? 0n : offsetAt(arrived.fromMs);
        const until = arrived.toMs === null ? 2n ** 62n : offsetAt(arrived.toMs);
        const all = (await reportOf(history)).findings;
        const { findings } = await reportOf(history, arrived);
        const isWithin = ({ first, last }: { first: bigint; last: bigint }): boolean =>
          last >= from && first < until && first < history.queueEnd;
        // What is found lies in a chunk that reaches into the range; what lies in the range is found.
        for (const finding of all.filter(isWithin)) {
          if (finding.first >= from && finding.last < until)
            expect(findings).toContainEqual(finding);
        }
        const touched = sound.ledger.filter(({ first, last }) => last >= from && first < until);
        for (const { first, last } of findings) {
          const isTouched = touched.some((line) => first <= line.last && last >= line.first);
          expect(isTouched || (arrived.toMs === null && first >= sound.position!)).toBe(true);
        }
      }),
    );
  });

  it('does not let a deleted row and a doubled row of one chunk cancel each other out', async () => {
    const history = soundHistory({ chunks: [['row', 'row', 'row', 'row']], pendingCount: 0 });
    history.rows = history.rows.filter((row) => row.offset !== 1n);
    history.rows.push({ offset: 3n, shard: 1 });
    expect(await faultsOf(history)).toEqual(['row_missing 1-1 x1', 'row_doubled 3-3 x1']);
  });

  it('does not let a missing and a surplus row of neighbouring chunks cancel each other out', async () => {
    const chunks = [
      ['row', 'row', 'row'],
      ['row', 'hole', 'row'],
    ] as const;
    const history = soundHistory({ chunks, pendingCount: 0 });
    history.rows = history.rows.filter((row) => row.offset !== 1n);
    history.rows.push({ offset: 4n, shard: 1 });
    expect(await faultsOf(history)).toEqual(['row_missing 1-1 x1', 'ledger_count_wrong 3-5 x1']);
  });

  it('does not let a deleted and a doubled inner event of one chunk cancel each other out', async () => {
    const history = soundHistory({ chunks: [['many', 'row', 'many']], pendingCount: 0 });
    history.rows = history.rows.filter(({ offset, item }) => offset !== 0n || item !== 2);
    history.rows.push({ offset: 2n, shard: 1, item: 1 });
    expect(await faultsOf(history)).toEqual([
      'inner_event_doubled 0-2 x1',
      'inner_event_missing 0-2 x1',
    ]);
  });

  it('names a record of which only inner events are left', async () => {
    const history = soundHistory({ chunks: [['row', 'many', 'row']], pendingCount: 0 });
    history.rows = history.rows.filter(({ offset, item = 0 }) => offset !== 1n || item > 0);
    expect(await faultsOf(history)).toEqual(['row_missing 1-1 x1']);
  });

  it('tells lag from loss: without a commit everything in the queue is pending', async () => {
    const history = new History();
    history.offsets = [0n, 1n];
    history.queueEnd = 2n;
    expect(await reportOf(history)).toMatchObject({ pending: 2n, findings: [] });
  });

  it('takes chunks beyond the commit for work in flight', async () => {
    const history = soundHistory({ chunks: [['row'], ['row', 'row']], pendingCount: 0 });
    history.position = 1n;
    history.rows.pop();
    expect(await reportOf(history)).toMatchObject({ pending: 2n, findings: [], rows: 1 });
  });

  it('still checks the ledger where the queue has trimmed, and says so', async () => {
    const history = soundHistory({ chunks: [['row', 'row'], ['row'], ['row']], pendingCount: 0 });
    history.queueStart = 3n;
    history.offsets = [3n];
    expect(await reportOf(history)).toMatchObject({ findings: [], trimmed: 3n });
    history.rows = history.rows.filter((row) => row.offset !== 0n && row.offset !== 2n);
    history.ledger = history.ledger.filter((line) => line.first !== 2n);
    expect(await faultsOf(history)).toEqual(['row_missing 0-0 x1', 'hole_unproven 2-2 x1']);
  });

  it('names a gap that somebody trimmed out of a queue whose offsets are times, as one', async () => {
    const stride = 2n ** 20n;
    const chunks = [['row'], ['row', 'row'], ['row']] as const;
    const history = soundHistory({ chunks, pendingCount: 0 }, { stride });
    const isInGap = (offset: bigint): boolean => offset === stride || offset === 2n * stride;
    history.queueStart = 3n * stride;
    history.offsets = [3n * stride];
    expect(await reportOf(history)).toMatchObject({ findings: [], trimmed: 3n });
    history.rows = history.rows.filter(({ offset }) => !isInGap(offset));
    history.ledger = history.ledger.filter(({ first }) => !isInGap(first));
    expect(await faultsOf(history)).toEqual(['hole_unproven 1048576-3145727 x2097152']);
  });

  it('counts what it cannot name: a sparse chunk that the queue has trimmed', async () => {
    const history = soundHistory({ chunks: [['row', 'hole', 'row'], ['row']], pendingCount: 0 });
    history.queueStart = 3n;
    history.rows.shift();
    expect(await faultsOf(history)).toEqual(['row_missing 0-2 x1']);
  });

  it('is content with an empty topic', async () => {
    expect(await reportOf(new History())).toMatchObject({ pending: 0n, findings: [], rows: 0 });
  });
});
