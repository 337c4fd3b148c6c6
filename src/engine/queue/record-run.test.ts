import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { QueueRecord } from '../model/queue.js';
import { encodeRows } from '../model/record-row.js';
import { countBefore, countWithin, type RecordRun, runOf } from '../model/record-run.js';
import { BlockWriter, openBlock, placeBlock } from './embedded/record-block.js';

const BASE_OFFSET = 1_000;

function recordsOfSizes(sizes: readonly number[]): QueueRecord[] {
  return sizes.map((size, index) => ({
    offset: BigInt(BASE_OFFSET + index),
    timestampMs: 1,
    key: Buffer.from('k'),
    value: Buffer.alloc(size, 'x'),
    headers: undefined,
  }));
}

function blockRun(records: readonly QueueRecord[]): RecordRun {
  const writer = new BlockWriter();
  for (const { key, value } of records) writer.add({ key, value }, key, 1);
  const block = writer.finish();
  placeBlock(block, BASE_OFFSET);
  const run = openBlock(block.bytes, BASE_OFFSET, 0);
  if (typeof run === 'string') throw new Error(run);
  return run;
}

const sizes = fc.array(fc.nat({ max: 400 }), { minLength: 1, maxLength: 40 });

describe.each([
  ['of records', runOf],
  ['of a block', blockRun],
])('a run %s', (_name, make) => {
  it('cut anywhere gives the same rows and records, none twice and none left out', () => {
    const property = fc.property(sizes, fc.nat(), (given, cut) => {
      const records = recordsOfSizes(given);
      const run = make(records);
      const at = cut % records.length;
      const parts = [...(at > 0 ? [run.slice(0, at)] : []), run.slice(at, records.length)];
      expect(parts.flatMap((part) => part.records())).toEqual(records);
      expect(Buffer.concat(parts.map((part) => part.rows()))).toEqual(encodeRows(records));
      expect(parts.map((part) => part.offsetAt(0))).toEqual(
        at > 0 ? [BigInt(BASE_OFFSET), BigInt(BASE_OFFSET + at)] : [BigInt(BASE_OFFSET)],
      );
    });
    fc.assert(property);
  });

  it('gives as many as fit, and one at least', () => {
    const property = fc.property(
      sizes,
      fc.integer({ min: 1, max: 50 }),
      fc.integer({ min: 1, max: 9_000 }),
      (given, recordsMax, bytesMax) => {
        const run = make(recordsOfSizes(given));
        const count = countWithin(run, { recordsMax, bytesMax });
        const fits = (taken: number) => taken <= recordsMax && run.bytesOfFirst(taken) <= bytesMax;
        expect(count === 1 || fits(count)).toBe(true);
        expect(count === run.recordCount || !fits(count + 1)).toBe(true);
      },
    );
    fc.assert(property);
  });

  it('knows how many of its records lie before an offset', () => {
    const run = make(recordsOfSizes([1, 2, 3]));
    expect([999, 1_000, 1_001, 1_003, 5_000].map((at) => countBefore(run, BigInt(at)))).toEqual([
      0, 0, 1, 3, 3,
    ]);
  });
});
