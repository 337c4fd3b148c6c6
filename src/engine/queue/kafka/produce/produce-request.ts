import { ByteCursor } from '../byte-cursor.js';
import type { ProtocolRequest } from '../kafka-internals.js';

// Produce (key 0) version 8: the newest that is not "flexible", and the first that says in words why a record was refused.
// Fields: https://kafka.apache.org/protocol#The_Messages_Produce

const API_KEY = 0;
const API_VERSION = 8;

const NO_TRANSACTION = -1;

/** All replicas in sync have it. */
const ALL_REPLICAS = -1;

/** How long the leader waits for them; less than we wait for the leader. */
const REPLICAS_TIMEOUT_MS = 20_000;

/** Of an array's count, a byte string's length and an INT32. */
const INT32_BYTES = 4;

/** A batch on its way; one request holds at most one of each partition. */
export interface SentBatch {
  readonly topic: string;
  readonly partition: number;
  readonly bytes: Buffer;
}

/** What a broker says of one partition's batch. */
export interface ProducedPartition {
  readonly topic: string;
  readonly partition: number;
  /** Kafka's error code; 0 is none. */
  readonly errorCode: number;
  /** The broker's own words, if it has any. */
  readonly message: string;
}

/** The answer's `parse` gives an array of ProducedPartition. */
export function produceRequest(batches: readonly SentBatch[]): ProtocolRequest {
  return {
    request: {
      apiKey: API_KEY,
      apiVersion: API_VERSION,
      apiName: 'Produce',
      encode: () => Promise.resolve(encode(batches)),
    },
    response: {
      decode: (raw) => Promise.resolve(decode(new ByteCursor(raw))),
      parse: (answer) => Promise.resolve((answer as Answer).partitions),
    },
  };
}

interface Answer {
  readonly partitions: readonly ProducedPartition[];
  /** By this name kafkajs finds it, and holds back the next request for so long. */
  readonly clientSideThrottleTime: number;
}

/** What kafkajs wants of an encoder: the bytes, of which it takes `buffer`. */
function encode(batches: readonly SentBatch[]): { readonly buf: Buffer; readonly buffer: Buffer } {
  const topics = new Map<string, SentBatch[]>();
  for (const batch of batches) {
    const ofTopic = topics.get(batch.topic);
    if (ofTopic) ofTopic.push(batch);
    else topics.set(batch.topic, [batch]);
  }
  const buf = Buffer.allocUnsafe(sizeOf(topics));
  let at = buf.writeInt16BE(NO_TRANSACTION, 0);
  at = buf.writeInt16BE(ALL_REPLICAS, at);
  at = buf.writeInt32BE(REPLICAS_TIMEOUT_MS, at);
  at = buf.writeInt32BE(topics.size, at);
  for (const [topic, ofTopic] of topics) {
    at = buf.writeInt16BE(Buffer.byteLength(topic), at);
    at += buf.write(topic, at);
    at = buf.writeInt32BE(ofTopic.length, at);
    for (const { partition, bytes } of ofTopic) {
      at = buf.writeInt32BE(partition, at);
      at = buf.writeInt32BE(bytes.length, at);
      at += bytes.copy(buf, at);
    }
  }
  return { buf, buffer: buf };
}

function sizeOf(topics: ReadonlyMap<string, readonly SentBatch[]>): number {
  let size = 2 + 2 + INT32_BYTES + INT32_BYTES;
  for (const [topic, ofTopic] of topics) {
    size += 2 + Buffer.byteLength(topic) + INT32_BYTES;
    for (const { bytes } of ofTopic) size += 2 * INT32_BYTES + bytes.length;
  }
  return size;
}

function decode(cursor: ByteCursor): Answer {
  const topics = cursor.array(() => {
    const topic = cursor.string();
    return cursor.array(() => decodePartition(cursor, topic));
  });
  return { partitions: topics.flat(), clientSideThrottleTime: cursor.int32() };
}

function decodePartition(cursor: ByteCursor, topic: string): ProducedPartition {
  const partition = cursor.int32();
  const errorCode = cursor.int16();
  // Offset of the first record, time of the log, start of the log.
  cursor.take(3 * 8);
  const ofRecords = cursor.array(() => {
    cursor.int32();
    return cursor.string();
  });
  const message = [...new Set([cursor.string(), ...ofRecords])].filter((text) => text !== '');
  return { topic, partition, errorCode, message: message.join('; ') };
}
