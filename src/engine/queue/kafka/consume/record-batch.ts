import { AtbdError } from '../../../model/error.js';
import type { RecordRun } from '../../../model/record-run.js';
import { ByteCursor } from '../byte-cursor.js';
import { decompress } from './codecs.js';
import type { AbortedTransaction, FetchedPartition } from './fetch-request.js';
import { RowsBuilder } from './rows-builder.js';

/** The format of record batches since Kafka 0.11: https://kafka.apache.org/documentation/#recordbatch */
const MAGIC = 2;

/** Where a batch's own length stands, and what of the batch it does not count. */
const LENGTH_AT = 8;
const UNCOUNTED_BYTES = 12;

const CODEC_MASK = 0x7;
const LOG_APPEND_TIME = 0x8;
const TRANSACTIONAL = 0x10;
const CONTROL = 0x20;

/** Key of the control record that ends a transaction: a version, then what became of it. */
const ABORTED = 0;

export interface DecodedBatches {
  /** Records from the wanted offset on; undefined when there are none. */
  readonly run: RecordRun | undefined;
  /** Where to go on: behind the last whole batch, also when nothing of it was for us; undefined when there was none. */
  readonly nextOffset: bigint | undefined;
}

/**
 * The records of a fetched partition from `fromOffset` on, as rows: without control records and those of aborted
 * transactions, without the cut-off batch at the end. A broker's checksums are not checked again.
 */
export async function decodeBatches(
  { topic, partition, batches, abortedTransactions }: FetchedPartition,
  fromOffset: bigint,
): Promise<DecodedBatches> {
  const rows = new RowsBuilder(batches.length);
  const aborted = new AbortedProducers(abortedTransactions);
  let nextOffset: bigint | undefined;
  for (let at = 0; batches.length - at >= UNCOUNTED_BYTES;) {
    const length = batches.readInt32BE(at + LENGTH_AT) + UNCOUNTED_BYTES;
    if (batches.length - at < length) break;
    try {
      const batch = readHeader(batches.subarray(at, at + length));
      nextOffset = batch.lastOffset + 1n;
      if (!aborted.hides(batch)) await addRecords(rows, batch, fromOffset);
    } catch (cause) {
      throw unreadable(`${topic}/${partition}`, batches.readBigInt64BE(at), cause);
    }
    at += length;
  }
  return { run: rows.finish(), nextOffset };
}

interface Batch {
  readonly baseOffset: bigint;
  readonly lastOffset: bigint;
  readonly attributes: number;
  readonly firstTimestampMs: number;
  readonly maxTimestampMs: number;
  readonly producerId: bigint;
  readonly recordCount: number;
  /** Compressed as `attributes` says. */
  readonly records: Buffer;
}

function readHeader(bytes: Buffer): Batch {
  const cursor = new ByteCursor(bytes);
  const baseOffset = cursor.int64();
  // Length, and epoch of the leader.
  cursor.take(4 + 4);
  const magic = cursor.int8();
  if (magic !== MAGIC) throw new Error(`it is of format ${magic}, from before Kafka 0.11`);
  cursor.int32();
  const attributes = cursor.int16();
  const lastOffset = baseOffset + BigInt(cursor.int32());
  const firstTimestampMs = Number(cursor.int64());
  const maxTimestampMs = Number(cursor.int64());
  const producerId = cursor.int64();
  // Epoch of the producer, first sequence number.
  cursor.take(2 + 4);
  const recordCount = cursor.int32();
  const records = cursor.take(cursor.left);
  const times = { firstTimestampMs, maxTimestampMs };
  return { baseOffset, lastOffset, attributes, ...times, producerId, recordCount, records };
}

async function addRecords(rows: RowsBuilder, batch: Batch, fromOffset: bigint): Promise<void> {
  const { attributes, recordCount, baseOffset } = batch;
  const codec = attributes & CODEC_MASK;
  const bytes = codec === 0 ? batch.records : await decompress(codec, batch.records);
  const cursor = new ByteCursor(bytes);
  // Offsets below 2^53 are counted as numbers: the table of rows takes them so.
  const base = Number(baseOffset);
  const from = Number(fromOffset);
  const isAppendTime = (attributes & LOG_APPEND_TIME) !== 0;
  rows.reserve(bytes.length, recordCount);
  for (let index = 0; index < recordCount; index += 1) {
    const end = cursor.varint() + cursor.at;
    if (end > bytes.length) throw new RangeError(`record ${index} is cut off`);
    cursor.int8();
    const timestampDelta = cursor.varlong();
    const offset = base + cursor.varint();
    const timestampMs = isAppendTime
      ? batch.maxTimestampMs
      : batch.firstTimestampMs + timestampDelta;
    if (offset >= from) rows.add(cursor, { offset, timestampMs });
    cursor.at = end;
  }
}

/** Whose records are hidden where, by the broker's list of aborted transactions. */
class AbortedProducers {
  readonly #pending: AbortedTransaction[];
  readonly #open = new Set<bigint>();

  constructor(transactions: readonly AbortedTransaction[]) {
    this.#pending = [...transactions].sort((a, b) => (a.firstOffset < b.firstOffset ? -1 : 1));
  }

  /** Asked for each batch in order of offsets. Control batches are hidden always. */
  hides({ attributes, lastOffset, producerId, records }: Batch): boolean {
    for (
      let next = this.#pending[0];
      next && next.firstOffset <= lastOffset;
      next = this.#pending[0]
    ) {
      this.#open.add(next.producerId);
      this.#pending.shift();
    }
    if ((attributes & CONTROL) === 0) {
      return (attributes & TRANSACTIONAL) !== 0 && this.#open.has(producerId);
    }
    if (outcomeOf(records) === ABORTED) this.#open.delete(producerId);
    return true;
  }
}

function outcomeOf(records: Buffer): number {
  const cursor = new ByteCursor(records);
  cursor.varint();
  cursor.int8();
  cursor.varlong();
  cursor.varint();
  const key = cursor.take(Math.max(0, cursor.varint()));
  return key.length < 4 ? ABORTED : key.readInt16BE(2);
}

function unreadable(where: string, offset: bigint, cause: unknown): AtbdError {
  return new AtbdError({
    code: 'QUEUE_FAILED',
    message: `cannot read the batch at offset ${offset.toString()} of ${where}`,
    hint: 'The producer or the broker wrote what no Kafka client can read: look at it with kafka-dump-log, and see the cause.',
    cause,
  });
}
