import type { Queue, QueueRecord } from '../../model/queue.js';
import type {
  LedgerLine,
  PartitionKey,
  StoredRun,
  Tally,
  VerifyStore,
} from '../../model/verify.js';
import type { VerifySources } from '../verify-partition.js';

/** A row or a dead letter, on one shard. */
export interface StoredRecord {
  readonly offset: bigint;
  readonly shard: number;
  /** Which of its record's events; left out: the first. */
  readonly item?: number;
}

/** One partition's queue and store in memory; tests break it and see whether verify finds the place. */
export class History implements VerifyStore {
  readonly key: PartitionKey = { topic: 'events', epoch: 1, partition: 0 };
  /** Ascending. */
  offsets: bigint[] = [];
  queueStart = 0n;
  queueEnd = 0n;
  position: bigint | null = null;
  rows: StoredRecord[] = [];
  deadLetters: StoredRecord[] = [];
  ledger: LedgerLine[] = [];

  /** Lines per page of readLedger: small, so that tests cross page borders. */
  static readonly pageLines = 3;

  get queue(): VerifySources['queue'] {
    const { topic: name, partition } = this.key;
    return {
      listTopics: () => Promise.resolve([name]),
      describeTopic: () => {
        const partitions = [{ partition, start: this.queueStart, end: this.queueEnd }];
        return Promise.resolve({ name, identity: 'a', partitions });
      },
      groupPositions: () =>
        Promise.resolve(
          new Map(
            this.position === null ? [] : [[partition, { position: this.position, intent: null }]],
          ),
        ),
      groupProgress: () => {
        const from = this.position ?? this.queueStart;
        const held = this.offsets.filter((offset) => offset >= this.queueStart);
        const waiting = BigInt(held.filter((offset) => offset >= from).length);
        const finished = BigInt(held.length) - waiting;
        return Promise.resolve(new Map([[partition, { finished, waiting }]]));
      },
      // A record came at the millisecond that is its offset.
      offsetsAtTime: (_topic, timestampMs) => {
        const at = this.offsets.find(
          (offset) => offset >= timestampMs && offset >= this.queueStart,
        );
        return Promise.resolve(new Map([[partition, at ?? this.queueEnd]]));
      },
      read: ({ fromOffsets, untilOffsets }) => {
        const from = fromOffsets.get(partition)!;
        const until = untilOffsets!.get(partition)!;
        const records = this.offsets
          .filter((offset) => offset >= from && offset < until && offset >= this.queueStart)
          .map((offset): QueueRecord => ({ ...EMPTY_RECORD, offset }));
        return batches(name, partition, records);
      },
    };
  }

  listPartitions(): Promise<PartitionKey[]> {
    const isEmpty = this.rows.length + this.deadLetters.length + this.ledger.length === 0;
    return Promise.resolve(isEmpty ? [] : [this.key]);
  }

  listEpochs(): Promise<{ topic: string; epoch: number; identity: string }[]> {
    return Promise.resolve([{ topic: this.key.topic, epoch: this.key.epoch, identity: 'a' }]);
  }

  async *readLedger(): AsyncIterable<LedgerLine[]> {
    const lines = this.ledger.toSorted(
      (a, b) => Number(a.first - b.first) || Number(a.last - b.last) || a.shard - b.shard,
    );
    for (let from = 0; from < lines.length; from += History.pageLines) {
      yield await Promise.resolve(lines.slice(from, from + History.pageLines));
    }
  }

  recount(
    _key: PartitionKey,
    { bounds, until }: { bounds: readonly bigint[]; until: bigint },
  ): Promise<Map<bigint, Tally>> {
    const tallies = bounds.map((bound, index) => {
      const end = bounds[index + 1] ?? until;
      const within = ({ offset }: StoredRecord): boolean => offset >= bound && offset < end;
      return [bound, tallyOf(this.rows.filter(within), this.deadLetters.filter(within))] as const;
    });
    return Promise.resolve(new Map(tallies.filter(([, tally]) => tally.distinct > 0)));
  }

  readRuns(_key: PartitionKey, range: { first: bigint; last: bigint }): Promise<StoredRun[]> {
    const runs: StoredRun[] = [];
    const stored = [...this.rows, ...this.deadLetters].map(({ offset }) => offset);
    const within = stored.filter((offset) => offset >= range.first && offset <= range.last);
    for (const offset of [...new Set(within)].sort((a, b) => Number(a - b))) {
      const rows = this.rows.filter((row) => row.offset === offset && isFirst(row));
      const dead = this.deadLetters.filter((row) => row.offset === offset);
      if (rows.length + dead.length === 0) continue;
      const shards = [...new Set([...rows, ...dead].map(({ shard }) => shard))].sort();
      const run = { rows: rows.length, deadLetters: dead.length, shards };
      runs.push({ first: offset, last: offset, ...run });
    }
    return Promise.resolve(runs);
  }
}

const EMPTY_RECORD = { timestampMs: 0, key: null, value: null, headers: undefined };

async function* batches(
  topic: string,
  partition: number,
  records: readonly QueueRecord[],
): ReturnType<Queue['read']> {
  if (records.length > 0) yield await Promise.resolve({ topic, partition, records });
}

function isFirst({ item = 0 }: StoredRecord): boolean {
  return item === 0;
}

function tallyOf(rows: readonly StoredRecord[], deadLetters: readonly StoredRecord[]): Tally {
  const offsetsOf = (records: readonly StoredRecord[]): bigint[] => records.map((r) => r.offset);
  const all = [...offsetsOf(rows), ...offsetsOf(deadLetters)].sort((a, b) => Number(a - b));
  const firsts = rows.filter(isFirst);
  const others = rows.filter((row) => !isFirst(row));
  return {
    rows: firsts.length,
    rowsDistinct: new Set(offsetsOf(firsts)).size,
    more: others.length,
    moreDistinct: new Set(others.map(({ offset, item }) => `${offset}.${item}`)).size,
    deadLetters: deadLetters.length,
    deadLettersDistinct: new Set(offsetsOf(deadLetters)).size,
    distinct: new Set(all).size,
    first: all[0] ?? 0n,
    last: all.at(-1) ?? 0n,
  };
}
