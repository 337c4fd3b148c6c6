import { ByteCursor } from '../byte-cursor.js';
import { createEncoder, type ProtocolRequest } from '../kafka-internals.js';

// Fetch (key 1) version 11: the newest that names topics by name and is not "flexible". kafkajs knows it, but makes
// several objects of every record; here the records stay bytes.
// Fields: https://kafka.apache.org/protocol#The_Messages_Fetch

const API_KEY = 1;
const API_VERSION = 11;

/** Records of committed transactions only. */
const READ_COMMITTED = 1;

/** We are no broker, and keep no fetch session. */
const NO_REPLICA = -1;
const NO_SESSION = 0;
const NO_EPOCH = -1;

export interface FetchRequest {
  /** How long the broker may wait for `bytesMin`. */
  readonly waitMs: number;
  readonly bytesMin: number;
  readonly bytesMax: number;
  readonly topics: readonly {
    readonly topic: string;
    readonly partition: number;
    readonly offset: bigint;
    readonly bytesMax: number;
  }[];
}

/** What a broker gave for one partition. */
export interface FetchedPartition {
  readonly topic: string;
  readonly partition: number;
  /** Kafka's error code; 0 is none. */
  readonly errorCode: number;
  readonly abortedTransactions: readonly AbortedTransaction[];
  /** Record batches, the last of which may be cut off. */
  readonly batches: Buffer;
}

export interface AbortedTransaction {
  readonly producerId: bigint;
  readonly firstOffset: bigint;
}

/** The answer is an array of FetchedPartition. */
export function fetchRequest({
  waitMs,
  bytesMin,
  bytesMax,
  topics,
}: FetchRequest): ProtocolRequest {
  const wanted = topics.map(({ topic, partition, offset, bytesMax: partitionBytesMax }) =>
    createEncoder()
      .writeString(topic)
      .writeArray([
        createEncoder()
          .writeInt32(partition)
          .writeInt32(NO_EPOCH)
          .writeInt64(offset.toString())
          .writeInt64('-1')
          .writeInt32(partitionBytesMax),
      ]),
  );
  return {
    request: {
      apiKey: API_KEY,
      apiVersion: API_VERSION,
      apiName: 'Fetch',
      encode: () =>
        Promise.resolve(
          createEncoder()
            .writeInt32(NO_REPLICA)
            .writeInt32(waitMs)
            .writeInt32(bytesMin)
            .writeInt32(bytesMax)
            .writeInt8(READ_COMMITTED)
            .writeInt32(NO_SESSION)
            .writeInt32(NO_EPOCH)
            .writeArray(wanted)
            .writeArray([])
            .writeString(''),
        ),
    },
    response: {
      decode: (raw) => Promise.resolve(decode(new ByteCursor(raw))),
      parse: (data) => Promise.resolve(data),
    },
  };
}

function decode(cursor: ByteCursor): FetchedPartition[] {
  cursor.int32();
  const errorCode = cursor.int16();
  cursor.int32();
  const topics = cursor.array(() => {
    const topic = cursor.string();
    return cursor.array(() => decodePartition(cursor, topic));
  });
  if (errorCode !== 0) throw new Error(`the broker answered a fetch with error ${errorCode}`);
  return topics.flat();
}

function decodePartition(cursor: ByteCursor, topic: string): FetchedPartition {
  const partition = cursor.int32();
  const errorCode = cursor.int16();
  // High watermark, last stable offset, start of the log.
  cursor.take(3 * 8);
  const abortedTransactions = cursor.array(() => ({
    producerId: cursor.int64(),
    firstOffset: cursor.int64(),
  }));
  // The replica that the broker would rather be asked.
  cursor.int32();
  const batches = cursor.take(Math.max(0, cursor.int32()));
  return { topic, partition, errorCode, abortedTransactions, batches };
}
