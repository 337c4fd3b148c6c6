import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BLOCK_BYTES_MAX, BlockWriter, decodeBlock } from './record-block.js';

const NOW_MS = 1_700_000_000_000;

function blockOf(values: readonly (string | Buffer | null)[]) {
  const writer = new BlockWriter();
  for (const value of values) writer.add({ key: null, value }, Buffer.from('k'), NOW_MS);
  return writer.finish();
}

describe('a block', () => {
  it('gives back any records as they were, from any offset on', () => {
    const bytes = fc.uint8Array({ maxLength: 3_000 }).map((array) => Buffer.from(array));
    const message = fc.record({
      key: fc.option(bytes),
      value: fc.oneof(fc.constant(null), bytes, fc.string({ unit: 'binary' })),
      timestampMs: fc.nat(),
      headers: fc.dictionary(fc.string(), fc.string()),
    });
    const property = fc.property(
      fc.array(message, { minLength: 1, maxLength: 20 }),
      fc.nat({ max: 20 }),
      (messages, skipCount) => {
        const writer = new BlockWriter();
        for (const each of messages) writer.add(each, each.key, NOW_MS);
        const block = writer.finish();
        expect(block.recordCount).toBe(messages.length);
        const records = decodeBlock(block.bytes, 100, 100 + skipCount);
        expect(records).toEqual(
          messages.slice(skipCount).map(({ key, value, timestampMs, headers }, index) => ({
            offset: BigInt(100 + skipCount + index),
            timestampMs,
            key,
            value: value === null ? null : Buffer.from(value as string),
            headers: JSON.parse(JSON.stringify(headers)) as unknown,
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
    const records = decodeBlock(writer.finish().bytes, 0, 0);
    if (typeof records === 'string') throw new Error(records);
    expect(records).toHaveLength(1);
    expect(records[0]?.value?.equals(large)).toBe(true);
  });

  it('is refused when any one of its bytes has changed', () => {
    const { bytes } = blockOf(['first', null, 'third']);
    for (let index = 0; index < bytes.length; index += 1) {
      const damaged = Buffer.from(bytes);
      damaged[index] = damaged[index]! ^ 1;
      expect(decodeBlock(damaged, 0, 0)).toBeTypeOf('string');
    }
  });

  it('is refused when it is cut off anywhere, or longer than written', () => {
    const { bytes } = blockOf(['first', 'second']);
    for (let length = 0; length < bytes.length; length += 1) {
      expect(decodeBlock(bytes.subarray(0, length), 0, 0)).toBeTypeOf('string');
    }
    expect(decodeBlock(Buffer.concat([bytes, Buffer.alloc(1)]), 0, 0)).toBe(
      'its checksum does not match',
    );
  });
});
