import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { VALUE_BYTES_MAX } from '../../model/limit.js';
import { encodeRows } from '../../model/record-row.js';
import type { RecordRun } from '../../model/record-run.js';
import {
  BLOCK_BYTES_MAX,
  BlockWriter,
  openBlock,
  placeBlock,
  type RecordBlock,
} from './record-block.js';

const NOW_MS = 1_700_000_000_000;

function blockOf(values: readonly (string | Buffer | null)[]) {
  const writer = new BlockWriter();
  for (const value of values) writer.add({ key: null, value }, Buffer.from('k'), NOW_MS);
  return placed(writer, 0);
}

function placed(writer: BlockWriter, baseOffset: number): RecordBlock {
  const block = writer.finish();
  placeBlock(block, baseOffset);
  return block;
}

function opened(bytes: Buffer, baseOffset: number, fromOffset: number): RecordRun {
  const run = openBlock(bytes, baseOffset, fromOffset);
  if (typeof run === 'string') throw new Error(run);
  return run;
}

describe('a block', () => {
  it('gives back any records as they were, from any offset on', () => {
    const bytes = fc.uint8Array({ maxLength: 3_000 }).map((array) => Buffer.from(array));
    const message = fc.record({
      key: fc.option(bytes),
      value: fc.oneof(fc.constant(null), bytes, fc.string({ unit: 'binary' })),
      timestampMs: fc.nat(),
      headers: fc.oneof(
        fc.dictionary(fc.string(), fc.string()),
        fc.constant({ 'atbd-backfill': '1' }),
      ),
    });
    const property = fc.property(
      fc.array(message, { minLength: 1, maxLength: 20 }),
      fc.nat({ max: 20 }),
      (messages, skipCount) => {
        const writer = new BlockWriter();
        for (const each of messages) writer.add(each, each.key, NOW_MS);
        const block = placed(writer, 100);
        expect(block.recordCount).toBe(messages.length);
        if (skipCount >= messages.length) {
          expect(openBlock(block.bytes, 100, 100 + skipCount)).toBeTypeOf('string');
          return;
        }
        const run = opened(block.bytes, 100, 100 + skipCount);
        expect(run.rows()).toEqual(encodeRows(run.records()));
        expect(run.records()).toEqual(
          messages.slice(skipCount).map(({ key, value, timestampMs, headers }, index) => ({
            offset: BigInt(100 + skipCount + index),
            timestampMs,
            key,
            value: value === null ? null : Buffer.from(value as string),
            headers:
              Object.keys(headers).length === 0
                ? undefined
                : (JSON.parse(JSON.stringify(headers)) as unknown),
          })),
        );
      },
    );
    fc.assert(property);
  });

  it('is full at its size, and takes a larger record whole', () => {
    const writer = new BlockWriter();
    expect(writer.isFull).toBe(false);
    const large = Buffer.alloc(BLOCK_BYTES_MAX * 3, 'x');
    writer.add({ key: null, value: large }, null, NOW_MS);
    expect(writer.isFull).toBe(true);
    const records = opened(placed(writer, 0).bytes, 0, 0).records();
    expect(records).toHaveLength(1);
    expect(records[0]?.value?.equals(large)).toBe(true);
  });

  it('hands too large a value to readers whole, and to the store as a sample with its reason', () => {
    const writer = new BlockWriter();
    const large = 'x'.repeat(VALUE_BYTES_MAX + 1);
    for (const value of ['small', large]) writer.add({ key: null, value }, null, NOW_MS);
    const run = opened(placed(writer, 7).bytes, 7, 7);
    expect(run.records()[1]?.value?.toString()).toBe(large);
    expect(run.rows().includes('value_too_large')).toBe(true);
    expect(run.rows().length).toBeLessThan(10_000);
  });

  it('keeps a time that is none as 0', () => {
    const writer = new BlockWriter();
    for (const timestampMs of [-1, Number.NaN, 1e18, 1.5]) {
      writer.add({ key: null, value: 'x', timestampMs }, null, NOW_MS);
    }
    const times = opened(placed(writer, 0).bytes, 0, 0)
      .records()
      .map((each) => each.timestampMs);
    expect(times).toEqual([0, 0, 0, 1]);
  });

  it('is refused when any one of its bytes has changed', () => {
    const { bytes } = blockOf(['first', null, 'third']);
    for (let index = 0; index < bytes.length; index += 1) {
      const damaged = Buffer.from(bytes);
      damaged[index] = damaged[index]! ^ 1;
      expect(openBlock(damaged, 0, 0)).toBeTypeOf('string');
    }
  });

  it('is refused when it is cut off anywhere, or longer than written', () => {
    const { bytes } = blockOf(['first', 'second']);
    for (let length = 0; length < bytes.length; length += 1) {
      expect(openBlock(bytes.subarray(0, length), 0, 0)).toBeTypeOf('string');
    }
    expect(openBlock(Buffer.concat([bytes, Buffer.alloc(1)]), 0, 0)).toBe(
      'its checksum does not match',
    );
  });
});
