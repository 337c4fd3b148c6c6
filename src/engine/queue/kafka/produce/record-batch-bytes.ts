import { crc32c } from './crc32c.js';

// Where the fields of a batch stand: https://kafka.apache.org/documentation/#recordbatch
const LENGTH_AT = 8;
const LEADER_EPOCH_AT = 12;
const MAGIC_AT = 16;
const CRC_AT = 17;
const ATTRIBUTES_AT = 21;
const LAST_OFFSET_DELTA_AT = 23;
const FIRST_TIMESTAMP_AT = 27;
const MAX_TIMESTAMP_AT = 35;
const PRODUCER_ID_AT = 43;
const PRODUCER_EPOCH_AT = 51;
const BASE_SEQUENCE_AT = 53;
const RECORD_COUNT_AT = 57;
export const BATCH_HEAD_BYTES = 61;

/** The format since Kafka 0.11. */
const MAGIC = 2;

/** The broker fills it in. */
const NO_LEADER_EPOCH = -1;

/** Uncompressed, times of the producer, no transaction. */
const PLAIN = 0;

/** A batch without the word of who sends it. */
export interface RecordBatchBytes {
  readonly bytes: Buffer;
  readonly recordCount: number;
}

/** By which the broker knows a batch that it has already. */
export interface Seal {
  readonly producerId: bigint;
  readonly producerEpoch: number;
  /** Of the first record; those after it count on. */
  readonly sequence: number;
}

/** Writes all of the head that does not depend on who sends the batch. */
export function writeHead(
  bytes: Buffer,
  about: { readonly recordCount: number; readonly firstMs: number; readonly lastMs: number },
): void {
  const { recordCount, firstMs, lastMs } = about;
  bytes.writeBigInt64BE(0n, 0);
  bytes.writeInt32BE(bytes.length - LEADER_EPOCH_AT, LENGTH_AT);
  bytes.writeInt32BE(NO_LEADER_EPOCH, LEADER_EPOCH_AT);
  bytes.writeInt8(MAGIC, MAGIC_AT);
  bytes.writeInt16BE(PLAIN, ATTRIBUTES_AT);
  bytes.writeInt32BE(recordCount - 1, LAST_OFFSET_DELTA_AT);
  bytes.writeBigInt64BE(BigInt(firstMs), FIRST_TIMESTAMP_AT);
  bytes.writeBigInt64BE(BigInt(lastMs), MAX_TIMESTAMP_AT);
  bytes.writeInt32BE(recordCount, RECORD_COUNT_AT);
}

export function recordCountOf(bytes: Buffer): number {
  return bytes.readInt32BE(RECORD_COUNT_AT);
}

export function firstTimestampMs(bytes: Buffer): number {
  return Number(bytes.readBigInt64BE(FIRST_TIMESTAMP_AT));
}

/** Says who sends the batch and as which in line, and checks it off; may be done again with another seal. */
export function sealBatch(bytes: Buffer, { producerId, producerEpoch, sequence }: Seal): void {
  bytes.writeBigInt64BE(producerId, PRODUCER_ID_AT);
  bytes.writeInt16BE(producerEpoch, PRODUCER_EPOCH_AT);
  bytes.writeInt32BE(sequence, BASE_SEQUENCE_AT);
  bytes.writeUInt32BE(crc32c(bytes.subarray(ATTRIBUTES_AT)), CRC_AT);
}

/** Sequences go around after the largest number of 32 bits. */
export function sequenceAfter(sequence: number, recordCount: number): number {
  return (sequence + recordCount) % 2 ** 31;
}
