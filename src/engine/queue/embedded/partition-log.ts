import { AtbdError } from '../../model/error.js';
import type { PartitionRange } from '../../model/queue.js';
import type { RecordRun } from '../../model/record-run.js';
import type { IndexRow, LogFile, TailRow } from './log-file.js';
import { openBlock, placeBlock, type RecordBlock } from './record-block.js';

/** A partition of one topic identity. `topic` is its name, for messages only. */
export interface PartitionId {
  readonly topic: string;
  readonly topicId: string;
  readonly partition: number;
}

/** Above every offset; keys end the search of a partition with it. */
const OFFSET_END = Number.MAX_SAFE_INTEGER;

export const EMPTY_TAIL: TailRow = {
  start: 0,
  end: 0,
  startBytes: 0,
  endBytes: 0,
  timestampMsMax: 0,
};

/** The partition's tail; rejects with TOPIC_NOT_FOUND when its topic is gone. */
export function tailOf(file: LogFile, { topic, topicId, partition }: PartitionId): TailRow {
  const tail = file.tails.get([topicId, partition]);
  if (tail === undefined) throw topicNotFound(topic);
  return tail;
}

export function rangeOf(file: LogFile, id: PartitionId): PartitionRange {
  const { start, end } = tailOf(file, id);
  return { partition: id.partition, start: BigInt(start), end: BigInt(end) };
}

/** Adds a block at the end. Within a write. */
export function appendBlock(file: LogFile, id: PartitionId, block: RecordBlock): void {
  const tail = tailOf(file, id);
  const end = tail.end + block.recordCount;
  const endBytes = tail.endBytes + block.bytes.length;
  const timestampMsMax = Math.max(tail.timestampMsMax, block.timestampMsMax);
  placeBlock(block, tail.end);
  void file.blocks.put([id.topicId, id.partition, tail.end], block.bytes);
  void file.index.put([id.topicId, id.partition, tail.end], { end, endBytes, timestampMsMax });
  void file.tails.put([id.topicId, id.partition], { ...tail, end, endBytes, timestampMsMax });
}

/** Records from `offset` to the end of its block; `offset` must lie within the log. */
export function readBlock(file: LogFile, id: PartitionId, offset: number): RecordRun {
  const found = blockAt(file, id, offset);
  const bytes = found && file.blocks.getBinary([id.topicId, id.partition, found.base]);
  if (!bytes || found.row.end <= offset) throw damaged(id, offset, 'it is missing');
  const run = openBlock(bytes, found.base, offset);
  if (typeof run === 'string') throw damaged(id, found.base, run);
  if (run.recordCount !== found.row.end - offset) {
    throw damaged(id, found.base, `it does not reach to offset ${found.row.end}`);
  }
  return run;
}

/** Bytes of all blocks from the one after that of `offset`, plus the rest of its own by record count. */
export function bytesAfter(file: LogFile, id: PartitionId, offset: number): number {
  const tail = tailOf(file, id);
  if (offset >= tail.end) return 0;
  const found = blockAt(file, id, offset);
  if (!found) return tail.endBytes - tail.startBytes;
  const blockStartBytes = blockAt(file, id, found.base - 1)?.row.endBytes ?? tail.startBytes;
  const restShare = (found.row.end - offset) / (found.row.end - found.base);
  const restBytes = (found.row.endBytes - blockStartBytes) * restShare;
  return tail.endBytes - found.row.endBytes + Math.ceil(restBytes);
}

/** The first offset whose timestamp is at or after `timestampMs`, or the end. */
export function offsetAtTime(file: LogFile, id: PartitionId, timestampMs: number): number {
  const tail = tailOf(file, id);
  let low = tail.start;
  let high = tail.end;
  // Invariant: blocks that end at or before `low` are older; the answer is not after `high`.
  while (low < high) {
    const found = blockAt(file, id, low + Math.floor((high - low) / 2));
    if (!found) break;
    if (found.row.timestampMsMax < timestampMs) low = found.row.end;
    else if (found.base <= low) {
      low = found.base;
      break;
    } else high = found.base;
  }
  // The running maximum may stem from trimmed blocks, hence on to the first block that has one.
  for (let offset = Math.max(low, tail.start); offset < tail.end;) {
    const records = readBlock(file, id, offset).records();
    const match = records.find((record) => record.timestampMs >= timestampMs);
    if (match) return Number(match.offset);
    offset += records.length;
  }
  return tail.end;
}

/** How far a partition may be trimmed. */
export interface TrimBounds extends TrimLimits {
  /** Offsets from here on stay whatever their age. */
  readonly keepFrom: number;
}

interface TrimLimits {
  /** Blocks whose newest record is older than this go. */
  readonly olderThanMs: number;
  /** Oldest blocks go while the partition is larger than this. */
  readonly bytesMax: number;
  /** One call removes at most this many blocks. */
  readonly blockCountMax: number;
}

/** Whether the first block is too old or too much, read or not. */
export function canTrim(file: LogFile, id: PartitionId, limits: TrimLimits): boolean {
  const tail = tailOf(file, id);
  if (tail.endBytes - tail.startBytes > limits.bytesMax) return true;
  const [first] = blocksFromStart(file, id, 1);
  return first !== undefined && first.value.timestampMsMax < limits.olderThanMs;
}

/** Removes blocks from the start, as many as the bounds allow; returns how many. Within a write. */
export function trimBlocks(file: LogFile, id: PartitionId, bounds: TrimBounds): number {
  let tail = tailOf(file, id);
  let removedCount = 0;
  for (const { key, value: row } of [...blocksFromStart(file, id, bounds.blockCountMax)]) {
    const isTooOld = row.timestampMsMax < bounds.olderThanMs;
    const isTooMuch = tail.endBytes - tail.startBytes > bounds.bytesMax;
    if (row.end > bounds.keepFrom || !(isTooOld || isTooMuch)) break;
    void file.blocks.remove(key);
    void file.index.remove(key);
    tail = { ...tail, start: row.end, startBytes: row.endBytes };
    removedCount += 1;
  }
  if (removedCount > 0) void file.tails.put([id.topicId, id.partition], tail);
  return removedCount;
}

/** Removes up to `blockCountMax` blocks of a topic that is gone; returns how many. Within a write. */
export function dropBlocks(file: LogFile, id: PartitionId, blockCountMax: number): number {
  const keys = [...blocksFromStart(file, id, blockCountMax)].map(({ key }) => key);
  for (const key of keys) {
    void file.blocks.remove(key);
    void file.index.remove(key);
  }
  return keys.length;
}

export function topicNotFound(topic: string): AtbdError {
  return new AtbdError({
    code: 'TOPIC_NOT_FOUND',
    message: `cannot find topic ${JSON.stringify(topic)} in the queue`,
    hint: 'It is made by the first `atbd ingest` or `atbd worker ingest`; see `atbd context show` for the queue in use.',
  });
}

export function offsetOutOfRange(id: PartitionId, offset: number, tail: TailRow): AtbdError {
  return new AtbdError({
    code: 'OFFSET_OUT_OF_RANGE',
    message: `cannot read offset ${offset} of ${id.topic}/${id.partition}: the log holds ${tail.start} to ${tail.end}`,
    hint: 'Records before were removed by retention, or the topic was made again; `atbd verify` tells which.',
  });
}

function blocksFromStart(file: LogFile, id: PartitionId, limit: number) {
  return file.index.getRange({
    start: [id.topicId, id.partition, 0],
    end: [id.topicId, id.partition, OFFSET_END],
    limit,
  });
}

interface FoundBlock {
  readonly base: number;
  readonly row: IndexRow;
}

/** The last block that begins at or before `offset`. */
function blockAt(file: LogFile, id: PartitionId, offset: number): FoundBlock | undefined {
  if (offset < 0) return undefined;
  const range = file.index.getRange({
    start: [id.topicId, id.partition, offset],
    end: [id.topicId, id.partition, -1],
    reverse: true,
    limit: 1,
  });
  for (const { key, value } of range) return { base: key[2], row: value };
  return undefined;
}

function damaged(id: PartitionId, offset: number, what: string): AtbdError {
  return new AtbdError({
    code: 'QUEUE_FAILED',
    message: `cannot read the block at offset ${offset} of ${id.topic}/${id.partition}: ${what}`,
    hint: 'The queue file is damaged (disk fault, or changed by another program): restore it from a copy.',
  });
}
