import {
  type Broker,
  createDecoder,
  createEncoder,
  type Decoder,
  type ProtocolRequest,
} from './kafka-internals.js';

// Metadata (key 3) version 12, which tells topic ids; kafkajs knows up to version 6.
// Fields: https://kafka.apache.org/protocol#The_Messages_Metadata

const API_KEY = 3;
const API_VERSION = 12;
const UUID_BYTES = 16;
const UNKNOWN_TOPIC = 3;
const UNKNOWN_TOPIC_ID = 100;

/** A topic's identity: differs when it was deleted and made again, and on another cluster. */
export interface TopicMetadata {
  readonly clusterId: string;
  readonly topicId: string;
  /** Ascending. */
  readonly partitions: readonly number[];
}

/** Asks a broker; undefined when there is no such topic. */
export async function fetchTopicMetadata(
  broker: Broker,
  topic: string,
): Promise<TopicMetadata | undefined> {
  const answer = (await broker.connectionPool.send(request(topic))) as Answer;
  const found = answer.topics.find(({ name }) => name === topic);
  if (
    found === undefined ||
    found.errorCode === UNKNOWN_TOPIC ||
    found.errorCode === UNKNOWN_TOPIC_ID
  )
    return undefined;
  if (found.errorCode !== 0)
    throw new Error(`the broker answered with error ${found.errorCode} for topic ${topic}`);
  return {
    clusterId: answer.clusterId ?? '',
    topicId: found.topicId,
    partitions: found.partitions.sort((a, b) => a - b),
  };
}

interface Answer {
  readonly clusterId: string | null;
  readonly topics: readonly {
    errorCode: number;
    name: string | null;
    topicId: string;
    partitions: number[];
  }[];
}

function request(topic: string): ProtocolRequest {
  return {
    request: {
      apiKey: API_KEY,
      apiVersion: API_VERSION,
      apiName: 'Metadata',
      // The empty byte strings are what an absent set of tagged fields looks like.
      encode: () =>
        Promise.resolve(
          createEncoder()
            .writeUVarIntBytes()
            .writeUVarIntArray([
              createEncoder()
                .writeBuffer(Buffer.alloc(UUID_BYTES))
                .writeUVarIntString(topic)
                .writeUVarIntBytes(),
            ])
            .writeBoolean(false)
            .writeBoolean(false)
            .writeUVarIntBytes(),
        ),
    },
    response: {
      decode: (raw) => Promise.resolve(decode(createDecoder(raw))),
      parse: (data) => Promise.resolve(data),
    },
  };
}

function decode(decoder: Decoder): Answer {
  decoder.readTaggedFields();
  decoder.readInt32();
  decoder.readUVarIntArray((broker) => {
    broker.readInt32();
    broker.readUVarIntString();
    broker.readInt32();
    broker.readUVarIntString();
    broker.readTaggedFields();
  });
  const clusterId = decoder.readUVarIntString();
  decoder.readInt32();
  const topics = decoder.readUVarIntArray((topic) => {
    const errorCode = topic.readInt16();
    const name = topic.readUVarIntString();
    const topicId = topic.readBytes(UUID_BYTES).toString('hex');
    topic.readBoolean();
    const partitions = topic.readUVarIntArray(decodePartition);
    topic.readInt32();
    topic.readTaggedFields();
    return { errorCode, name, topicId, partitions };
  });
  return { clusterId, topics };
}

function decodePartition(partition: Decoder): number {
  partition.readInt16();
  const index = partition.readInt32();
  partition.readInt32();
  partition.readInt32();
  for (const _list of ['replicas', 'isr', 'offline'])
    partition.readUVarIntArray((list) => list.readInt32());
  partition.readTaggedFields();
  return index;
}
