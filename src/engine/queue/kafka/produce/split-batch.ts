import { ByteCursor } from '../byte-cursor.js';
import { BatchWriter } from './batch-writer.js';
import {
  BATCH_HEAD_BYTES,
  firstTimestampMs,
  recordCountOf,
  type RecordBatchBytes,
} from './record-batch-bytes.js';

/** A batch of several records as two, in order, each about half as many records. */
export function splitBatch(bytes: Buffer): [RecordBatchBytes, RecordBatchBytes] {
  const recordCount = recordCountOf(bytes);
  const firstMs = firstTimestampMs(bytes);
  const halves: [BatchWriter, BatchWriter] = [new BatchWriter(), new BatchWriter()];
  const cursor = new ByteCursor(bytes, BATCH_HEAD_BYTES);
  for (let index = 0; index < recordCount; index += 1) {
    const end = cursor.varint() + cursor.at;
    cursor.int8();
    const timestampMs = firstMs + cursor.varlong();
    cursor.varint();
    halves[2 * index < recordCount ? 0 : 1].addEncoded(timestampMs, bytes.subarray(cursor.at, end));
    cursor.at = end;
  }
  return [halves[0].finish(), halves[1].finish()];
}
