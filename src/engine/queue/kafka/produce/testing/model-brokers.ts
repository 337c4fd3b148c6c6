import { topicNotFound } from '../../kafka-error.js';
import { decodeBatches } from '../../consume/record-batch.js';
import type { BrokerLink } from '../broker-link.js';
import { crc32c } from '../crc32c.js';
import type { ProducerIdentity } from '../partition-lane.js';
import type { ProducedPartition, SentBatch } from '../produce-request.js';

/** What goes wrong with one request. */
export type Fault =
  | 'none'
  /** It never arrives, and nobody says so but the connection. */
  | 'lost'
  /** It arrives, and its answer does not. */
  | 'answer-lost'
  /** Its connection breaks, and it arrives all the same: when the next request does. */
  | 'late'
  /** The leaders move to the other broker, and the request is refused. */
  | 'leader-moved'
  /** The first partition is taken and the leaders of the others move. */
  | 'leader-moved-meanwhile'
  /** Appended, and the replicas were too slow. */
  | 'timed-out'
  /** Appended, and then too few replicas were left. */
  | 'too-few-after'
  | 'too-few'
  /** The answer leaves a partition out that was appended to. */
  | 'no-word'
  /** From here on no broker can be reached. */
  | 'away'
  /** The brokers know the producer no more. */
  | 'producer-forgotten';

const CODE = {
  none: 0,
  unknownTopic: 3,
  notLeader: 6,
  timedOut: 7,
  tooLarge: 10,
  tooFew: 19,
  tooFewAfter: 20,
  outOfOrder: 45,
  duplicate: 46,
  unknownProducer: 59,
} as const;

/** So many batches of a producer does a broker remember with their offsets. */
const REMEMBERED_BATCHES = 5;

const BROKERS = ['1', '2'];

interface Known {
  readonly epoch: number;
  lastSequence: number;
  readonly recent: string[];
}

interface ModelPartition {
  leader: string;
  readonly values: string[];
  readonly producers: Map<bigint, Known>;
}

/** Two brokers as Kafka's text has them: leaders, sequences by producer, and a fault for each request. */
export class ModelBrokers implements BrokerLink {
  readonly #partitions = new Map<string, ModelPartition>();
  readonly #topics: ReadonlyMap<string, number>;
  #faults: Fault[];
  #nextProducerId = 100n;
  /** What the producer believes, by its last refresh. */
  readonly #leaders = new Map<string, string>();
  #late: readonly SentBatch[] = [];
  batchBytesMax = 1_048_588;
  isAway = false;
  isClosed = false;
  requestCount = 0;
  /** Most requests that one broker had at once. */
  busiest = 0;
  readonly #busy = new Map<string, number>();

  constructor(topics: Readonly<Record<string, number>>, faults: readonly Fault[] = []) {
    this.#topics = new Map(Object.entries(topics));
    this.#faults = [...faults];
    for (const [topic, count] of this.#topics) {
      for (let partition = 0; partition < count; partition += 1) {
        const leader = BROKERS[partition % BROKERS.length] ?? '1';
        const values: string[] = [];
        this.#partitions.set(nameOf({ topic, partition }), {
          leader,
          values,
          producers: new Map(),
        });
      }
    }
    this.#learn();
  }

  /** What lies in the partition, in order. */
  valuesOf(topic: string, partition: number): readonly string[] {
    return this.#at({ topic, partition }).values;
  }

  deleteTopic(topic: string): void {
    for (const name of [...this.#partitions.keys()]) {
      if (name.startsWith(`${topic}/`)) this.#partitions.delete(name);
    }
  }

  fail(...faults: readonly Fault[]): void {
    this.#faults.push(...faults);
  }

  partitionCountOf(topic: string): Promise<number> {
    if (this.isAway) return Promise.reject(unreachable());
    const count = this.#topics.get(topic);
    return count === undefined ? Promise.reject(topicNotFound(topic)) : Promise.resolve(count);
  }

  leaderOf(topic: string, partition: number): string | undefined {
    return this.#leaders.get(nameOf({ topic, partition }));
  }

  newIdentity(): Promise<ProducerIdentity> {
    if (this.isAway) return Promise.reject(unreachable());
    this.#nextProducerId += 1n;
    return Promise.resolve({ producerId: this.#nextProducerId, producerEpoch: 0 });
  }

  refresh(): Promise<void> {
    if (this.isAway) return Promise.reject(unreachable());
    this.#learn();
    return Promise.resolve();
  }

  forget(): void {
    // Only kafkajs must be told.
  }

  close(): Promise<void> {
    this.isClosed = true;
    return Promise.resolve();
  }

  async produce(
    leader: string,
    batches: readonly SentBatch[],
  ): Promise<readonly ProducedPartition[]> {
    this.requestCount += 1;
    const busy = (this.#busy.get(leader) ?? 0) + 1;
    this.busiest = Math.max(this.busiest, busy);
    this.#busy.set(leader, busy);
    try {
      return await this.#receive(leader, batches);
    } finally {
      this.#busy.set(leader, (this.#busy.get(leader) ?? 1) - 1);
    }
  }

  async #receive(
    leader: string,
    batches: readonly SentBatch[],
  ): Promise<readonly ProducedPartition[]> {
    if (this.isAway) throw unreachable();
    for (const batch of this.#late) await this.#append(batch);
    this.#late = [];
    const fault = this.#faults.shift() ?? 'none';
    switch (fault) {
      case 'none':
        return this.#answer(leader, batches);
      case 'lost':
        throw unreachable();
      case 'away':
        this.isAway = true;
        throw unreachable();
      case 'answer-lost':
        await this.#answer(leader, batches);
        throw unreachable();
      case 'late':
        // The producer may write another seal into its bytes meanwhile.
        this.#late = batches.map((batch) => ({ ...batch, bytes: Buffer.from(batch.bytes) }));
        throw unreachable();
      case 'leader-moved':
        this.#moveLeaders();
        return this.#answer(leader, batches);
      case 'leader-moved-meanwhile': {
        const first = await this.#answer(leader, batches.slice(0, 1));
        this.#moveLeaders();
        return [...first, ...(await this.#answer(leader, batches.slice(1)))];
      }
      case 'timed-out':
        return recoded(await this.#answer(leader, batches), CODE.timedOut);
      case 'too-few-after':
        return recoded(await this.#answer(leader, batches), CODE.tooFewAfter);
      case 'too-few':
        return batches.map((batch) => answerOf(batch, CODE.tooFew));
      case 'no-word':
        return (await this.#answer(leader, batches)).slice(1);
      case 'producer-forgotten':
        for (const { producers } of this.#partitions.values()) producers.clear();
        return batches.map((batch) => answerOf(batch, CODE.unknownProducer));
    }
  }

  async #answer(leader: string, batches: readonly SentBatch[]): Promise<ProducedPartition[]> {
    const answers: ProducedPartition[] = [];
    for (const batch of batches) {
      const partition = this.#partitions.get(nameOf(batch));
      const isLeader = partition?.leader === leader;
      const code = partition === undefined ? CODE.unknownTopic : CODE.notLeader;
      answers.push(answerOf(batch, isLeader ? await this.#append(batch) : code));
    }
    return answers;
  }

  async #append({ topic, partition, bytes }: SentBatch): Promise<number> {
    const { values, producers } = this.#at({ topic, partition });
    if (bytes.length > this.batchBytesMax) return CODE.tooLarge;
    if (bytes.readUInt32BE(17) !== crc32c(bytes.subarray(21))) throw new Error('checksum differs');
    const producerId = bytes.readBigInt64BE(43);
    const sequence = bytes.readInt32BE(53);
    const recordCount = bytes.readInt32BE(57);
    const known = producers.get(producerId);
    const batch = `${sequence}+${recordCount}`;
    if (known?.recent.includes(batch) === true) return CODE.none;
    if (known !== undefined && sequence < known.lastSequence) return CODE.duplicate;
    if (known !== undefined && sequence !== known.lastSequence + 1) return CODE.outOfOrder;
    const lastSequence = sequence + recordCount - 1;
    const recent = [...(known?.recent ?? []), batch].slice(-REMEMBERED_BATCHES);
    producers.set(producerId, { epoch: bytes.readInt16BE(51), lastSequence, recent });
    const fetched = { topic, partition, errorCode: 0, abortedTransactions: [], batches: bytes };
    const { run } = await decodeBatches(fetched, 0n);
    values.push(...(run?.records() ?? []).map(({ value }) => String(value)));
    return CODE.none;
  }

  #moveLeaders(): void {
    for (const partition of this.#partitions.values()) {
      partition.leader = BROKERS.find((name) => name !== partition.leader) ?? '1';
    }
  }

  /** Of a topic that is gone the old word goes on to hold, as with kafkajs. */
  #learn(): void {
    for (const [name, { leader }] of this.#partitions) this.#leaders.set(name, leader);
  }

  #at(where: { readonly topic: string; readonly partition: number }): ModelPartition {
    const partition = this.#partitions.get(nameOf(where));
    if (partition === undefined) throw new Error(`no ${nameOf(where)}`);
    return partition;
  }
}

function nameOf({ topic, partition }: { readonly topic: string; readonly partition: number }) {
  return `${topic}/${partition}`;
}

function answerOf({ topic, partition }: SentBatch, errorCode: number): ProducedPartition {
  return { topic, partition, errorCode, message: '' };
}

function recoded(answers: readonly ProducedPartition[], errorCode: number): ProducedPartition[] {
  return answers.map((answer) => (answer.errorCode === 0 ? { ...answer, errorCode } : answer));
}

/** As kafkajs names a connection that broke. */
function unreachable(): Error {
  return Object.assign(new Error('Closed connection'), { name: 'KafkaJSConnectionClosedError' });
}
