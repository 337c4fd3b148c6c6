import { createRequire } from 'node:module';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { QueueMessage } from '../../../model/queue.js';
import { BATCH_BYTES_MAX, BatchWriter } from './batch-writer.js';
import { sealBatch, sequenceAfter } from './record-batch-bytes.js';
import { splitBatch } from './split-batch.js';

// kafkajs's own writer of batches is the oracle.
const require = createRequire(import.meta.url);
const { RecordBatch } = require('kafkajs/src/protocol/recordBatch/v0') as {
  RecordBatch: (options: object) => Promise<{ buffer: Buffer }>;
};
const Record = require('kafkajs/src/protocol/recordBatch/record/v0') as (options: object) => object;
const Long = require('kafkajs/src/utils/long') as { fromValue(value: string): object };

const NOW_MS = 1_795_000_000_000;
const SEAL = { producerId: 4_000_000_001n, producerEpoch: 3, sequence: 77 };

/** As Kafka keeps them, of a batch that begins at the first message's time. */
async function byKafkajs(messages: readonly QueueMessage[]): Promise<Buffer> {
  const times = messages.map(({ timestampMs }) => timestampMs ?? NOW_MS);
  const [firstMs = 0] = times;
  const { buffer } = await RecordBatch({
    partitionLeaderEpoch: -1,
    firstTimestamp: firstMs,
    maxTimestamp: Math.max(...times),
    lastOffsetDelta: messages.length - 1,
    producerId: Long.fromValue(SEAL.producerId.toString()),
    producerEpoch: SEAL.producerEpoch,
    firstSequence: SEAL.sequence,
    records: messages.map(({ key, value, headers }, offsetDelta) => {
      const timestampDelta = (times[offsetDelta] ?? 0) - firstMs;
      return Record({ key, value, headers, offsetDelta, timestampDelta });
    }),
  });
  return buffer;
}

function write(messages: readonly QueueMessage[]): Buffer {
  const writer = new BatchWriter();
  for (const message of messages) {
    const { key } = message;
    writer.add(message, typeof key === 'string' ? Buffer.from(key) : key, NOW_MS);
  }
  const { bytes, recordCount } = writer.finish();
  expect(recordCount).toBe(messages.length);
  sealBatch(bytes, SEAL);
  return bytes;
}

const toHex = (buffer: Buffer): string => buffer.toString('hex');

/** Lengths around those at which a length takes another byte, in ASCII and beyond it. */
const text = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 300 }),
  fc.integer({ min: 40, max: 70 }).map((length) => 'x'.repeat(length)),
  fc.integer({ min: 60, max: 66 }).map((length) => 'ä'.repeat(length)),
  fc.integer({ min: 2_700, max: 2_740 }).map((length) => '漢'.repeat(length)),
);
const bytes = fc.uint8Array({ maxLength: 9_000 }).map((array) => Buffer.from(array));
const message: fc.Arbitrary<QueueMessage> = fc.record(
  {
    key: fc.option(fc.oneof(text, bytes)),
    value: fc.option(fc.oneof(text, bytes)),
    timestampMs: fc.integer({ min: NOW_MS - 10 ** 12, max: NOW_MS + 10 ** 12 }),
    headers: fc.dictionary(fc.stringMatching(/^[a-zü-]{1,9}$/), text, { maxKeys: 3 }),
  },
  { requiredKeys: ['key', 'value'] },
);
const messages = fc.array(message, { minLength: 1, maxLength: 12 });

describe('BatchWriter', () => {
  it('writes what kafkajs writes, byte by byte', async () => {
    const property = fc.asyncProperty(messages, async (batch) => {
      expect(toHex(write(batch))).toBe(toHex(await byKafkajs(batch)));
    });
    await fc.assert(property);
  });

  it('has room for so much that a broker takes by default, and for one message of any size', () => {
    const writer = new BatchWriter();
    const large = { key: null, value: Buffer.alloc(BATCH_BYTES_MAX * 2) };
    expect(writer.hasRoomFor(large)).toBe(true);
    const small = { key: null, value: 'ä'.repeat(1_000) };
    while (writer.hasRoomFor(small)) writer.add(small, null, NOW_MS);
    const { bytes: full } = writer.finish();
    expect(full.length).toBeLessThanOrEqual(BATCH_BYTES_MAX);
    expect(full.length).toBeGreaterThan(BATCH_BYTES_MAX - 4_000);
  });

  it('keeps a time that is none as 0', () => {
    const odd = [Number.NaN, -1, 1e15].map((timestampMs) => ({
      key: null,
      value: 'x',
      timestampMs,
    }));
    const meant = [0, 0, 0].map((timestampMs) => ({ key: null, value: 'x', timestampMs }));
    expect(write(odd)).toEqual(write(meant));
  });
});

describe('splitBatch', () => {
  it('gives what two writers would have written of the halves', () => {
    fc.assert(
      fc.property(fc.array(message, { minLength: 2, maxLength: 9 }), (batch) => {
        const half = Math.ceil(batch.length / 2);
        const halves = splitBatch(write(batch));
        for (const { bytes: part } of halves) sealBatch(part, SEAL);
        const hex = [write(batch.slice(0, half)), write(batch.slice(half))].map(toHex);
        expect(halves.map((part) => toHex(part.bytes))).toEqual(hex);
        expect(halves.map(({ recordCount }) => recordCount)).toEqual([half, batch.length - half]);
      }),
    );
  });
});

it('lets sequences go around as the Java client does', () => {
  const last = 2 ** 31 - 1;
  expect(sequenceAfter(0, 5)).toBe(5);
  expect(sequenceAfter(last, 1)).toBe(0);
  expect(sequenceAfter(last - 2, 5)).toBe(2);
});
