import { createRequire } from 'node:module';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { QueueRecord } from '../../../model/queue.js';
import { encodeRows } from '../../../model/record-row.js';
import type { FetchedPartition } from './fetch-request.js';
import { decodeBatches } from './record-batch.js';

// kafkajs's own writer of batches is the oracle: nothing of it is used in reading.
const require = createRequire(import.meta.url);
const { RecordBatch } = require('kafkajs/src/protocol/recordBatch/v0') as {
  RecordBatch: (options: object) => Promise<{ buffer: Buffer }>;
};
const Record = require('kafkajs/src/protocol/recordBatch/record/v0') as (options: object) => object;
const Long = require('kafkajs/src/utils/long') as { fromValue(value: string): object };

const NOW_MS = 1_795_000_000_000;

type Sent = Omit<QueueRecord, 'offset'>;

interface Written {
  readonly firstOffset: bigint;
  readonly records: readonly Sent[];
  readonly producerId?: number;
  readonly attributes?: number;
}

async function batchOf({ firstOffset, records, producerId, attributes }: Written) {
  const { buffer } = await RecordBatch({
    firstOffset: Long.fromValue(firstOffset.toString()),
    firstTimestamp: NOW_MS,
    maxTimestamp: NOW_MS + 999,
    lastOffsetDelta: records.length - 1,
    producerId: Long.fromValue(String(producerId ?? -1)),
    records: records.map(({ timestampMs, ...record }, offsetDelta) =>
      Record({ ...record, offsetDelta, timestampDelta: timestampMs - NOW_MS }),
    ),
  });
  // The attributes that a broker sets and kafkajs does not write; bytes 21 and 22.
  buffer.writeInt16BE(attributes ?? 0, 21);
  return buffer;
}

function fetched(
  batches: readonly Buffer[],
  abortedTransactions: FetchedPartition['abortedTransactions'] = [],
): FetchedPartition {
  const bytes = Buffer.concat(batches);
  return { topic: 't', partition: 0, errorCode: 0, abortedTransactions, batches: bytes };
}

const valueOf = (text: string): Sent => ({
  timestampMs: NOW_MS,
  key: null,
  value: Buffer.from(text),
  headers: undefined,
});

const TRANSACTIONAL = 0x10;
const CONTROL = 0x30;

/** The record by which a broker ends a transaction. */
const marker = (isCommit: boolean): Sent => ({
  ...valueOf(''),
  key: Buffer.from([0, 0, 0, isCommit ? 1 : 0]),
});

async function texts(partition: FetchedPartition, from = 0n): Promise<string[]> {
  const { run } = await decodeBatches(partition, from);
  return (run?.records() ?? []).map(({ value }) => String(value));
}

describe('decodeBatches', () => {
  it('gives back any records as they were written, as records and as rows', async () => {
    const bytes = fc.uint8Array({ maxLength: 9_000 }).map((array) => Buffer.from(array));
    const record = fc.record({
      key: fc.option(bytes),
      value: fc.option(bytes),
      timestampMs: fc.integer({ min: NOW_MS - 10 ** 11, max: NOW_MS + 10 ** 11 }),
      headers: fc.option(
        fc.dictionary(fc.stringMatching(/^[a-z-]{1,9}$/), fc.string(), { minKeys: 1 }),
        { nil: undefined },
      ),
    });
    const batch = fc.array(record, { minLength: 1, maxLength: 12 });
    const property = fc.asyncProperty(
      fc.array(batch, { minLength: 1, maxLength: 4 }),
      fc.nat({ max: 20 }),
      async (batches, skipCount) => {
        let next = 5_000n;
        const buffers: Buffer[] = [];
        const expected: QueueRecord[] = [];
        for (const records of batches) {
          buffers.push(await batchOf({ firstOffset: next, records }));
          for (const each of records) expected.push({ ...each, offset: next++ });
        }
        const from = 5_000n + BigInt(skipCount);
        const { run, nextOffset } = await decodeBatches(fetched(buffers), from);
        const wanted = expected.filter(({ offset }) => offset >= from);
        expect(nextOffset).toBe(next);
        expect(run?.records() ?? []).toEqual(wanted);
        const again = run === undefined ? [] : rowFields(run.rows());
        expect(again).toEqual(rowFields(encodeRows(wanted)));
      },
    );
    await fc.assert(property);
  });

  it('leaves out the batch that is cut off, and goes on from it', async () => {
    const first = await batchOf({ firstOffset: 0n, records: [valueOf('a'), valueOf('b')] });
    const second = await batchOf({ firstOffset: 2n, records: [valueOf('c')] });
    for (let length = first.length; length < first.length + second.length; length += 1) {
      const partition = fetched([Buffer.concat([first, second]).subarray(0, length)]);
      expect(await texts(partition)).toEqual(['a', 'b']);
      expect((await decodeBatches(partition, 0n)).nextOffset).toBe(2n);
    }
  });

  it('hides what was aborted, and only of that producer and up to its end', async () => {
    const of = (
      firstOffset: bigint,
      text: string,
      producerId: number,
      attributes = TRANSACTIONAL,
    ) => batchOf({ firstOffset, records: [valueOf(text)], producerId, attributes });
    const end = (firstOffset: bigint, producerId: number, isCommit: boolean) =>
      batchOf({ firstOffset, records: [marker(isCommit)], producerId, attributes: CONTROL });
    const batches = [
      await of(0n, 'kept: before', 1),
      await of(1n, 'aborted', 2),
      await of(2n, 'kept: of another', 1),
      await of(3n, 'aborted too', 2),
      await of(4n, 'kept: not in a transaction', 2, 0),
      await end(5n, 2, false),
      await of(6n, 'kept: the next transaction', 2),
      await end(7n, 1, true),
      await end(8n, 2, true),
    ];
    const partition = fetched(batches, [{ producerId: 2n, firstOffset: 1n }]);
    expect(await texts(partition)).toEqual([
      'kept: before',
      'kept: of another',
      'kept: not in a transaction',
      'kept: the next transaction',
    ]);
    expect((await decodeBatches(partition, 0n)).nextOffset).toBe(9n);
  });

  it('moves on behind batches of which nothing is for us', async () => {
    const records = [marker(true)];
    const partition = fetched([await batchOf({ firstOffset: 41n, records, attributes: CONTROL })]);
    expect(await decodeBatches(partition, 41n)).toEqual({ run: undefined, nextOffset: 42n });
  });

  it('takes the time of the log where the topic says so', async () => {
    const batch = await batchOf({ firstOffset: 0n, records: [valueOf('a')], attributes: 0x8 });
    const { run } = await decodeBatches(fetched([batch]), 0n);
    expect(run?.records()[0]?.timestampMs).toBe(NOW_MS + 999);
  });

  it('names the batch that nobody can read', async () => {
    const broken = await batchOf({ firstOffset: 77n, records: [valueOf('abc')] });
    for (let index = 61; index < broken.length; index += 1) {
      const damaged = Buffer.from(broken);
      damaged[index] = 0xff;
      // Whatever a byte becomes: records, or an error that says where; never another failure.
      await decodeBatches(fetched([damaged]), 0n).catch((error: unknown) => {
        expect(error).toMatchObject({
          code: 'QUEUE_FAILED',
          message: 'cannot read the batch at offset 77 of t/0',
        });
      });
    }
    broken.writeInt32BE(1_000_000, 57);
    await expect(decodeBatches(fetched([broken]), 0n)).rejects.toMatchObject({
      code: 'QUEUE_FAILED',
    });
  });
});

/** The fields of rows as ClickHouse reads them: padded lengths are the same as short ones. */
function rowFields(rows: Buffer): unknown[] {
  let at = 0;
  const text = (): string => {
    let length = 0;
    for (let shift = 0, byte = 0x80; byte >= 0x80; shift += 7) {
      byte = rows[at++]!;
      length |= (byte & 0x7f) << shift;
    }
    return rows.toString('latin1', at, (at += length));
  };
  const fields: unknown[] = [];
  while (at < rows.length) {
    const head = rows.toString('hex', at, (at += 17));
    fields.push([head, text(), text(), text()]);
  }
  return fields;
}
