import { decodeIntent } from '../../../../engine/model/intent.js';
import { INGEST_GROUP_ID } from '../../../../engine/model/limit.js';
import type { Queue } from '../../../../engine/model/queue.js';
import type { Store } from '../../../../store/clickhouse/store.js';
import type { InsertRange } from './insert-gate.js';
import type { Step } from './kill-plan.js';

/** A broker or a shard that was just hit answers again within this time. */
const ANSWER_MS_MAX = 30_000;
const POLL_MS = 100;

/** Says from outside, as the next owner would find it, where a chunk is: by the group's announcement and the shard's tables. */
export class StepJudge {
  readonly #queue: Queue;
  readonly #store: Store;
  readonly #topic: string;

  constructor(options: { queue: Queue; store: Store; topic: string }) {
    this.#queue = options.queue;
    this.#store = options.store;
    this.#topic = options.topic;
  }

  /** Of a chunk that was announced; `idle` when its group has gone on. */
  async stepOf(range: InsertRange): Promise<Step> {
    const open = (await this.openRanges()).find(({ partition }) => partition === range.partition);
    if (open?.first !== range.first || open.last !== range.last) return 'idle';
    return this.#stepOfOpen(open);
  }

  /** The step of whichever of these chunks tells most: one that is half there, else one that is there, else one that is not. */
  async stepOfAny(ranges: readonly InsertRange[]): Promise<Step> {
    const steps = await Promise.all(ranges.map((range) => this.#stepOfOpen(range)));
    const telling: readonly Step[] = ['between views', 'insert → commit', 'intent → insert'];
    return telling.find((step) => steps.includes(step)) ?? 'idle';
  }

  /** What is announced and not committed. */
  async openRanges(): Promise<InsertRange[]> {
    const positions = await persistently(() =>
      this.#queue.groupPositions(INGEST_GROUP_ID, this.#topic),
    );
    return [...positions].flatMap(([partition, { intent }]) => {
      const announced = decodeIntent(intent);
      if (announced?.open == null) return [];
      return [{ partition, epoch: announced.epoch, ...announced.open }];
    });
  }

  async #stepOfOpen({ shard, ...range }: InsertRange): Promise<Step> {
    const found = await persistently(async () => {
      const client = await this.#store.shard(shard);
      const answer = await client.query({
        query: SQL,
        query_params: {
          topic: this.#topic,
          epoch: range.epoch,
          partition: range.partition,
          first: range.first.toString(),
          last: range.last.toString(),
        },
        format: 'JSONEachRow',
      });
      const [row] = await answer.json<Found>();
      return row!;
    });
    if (found.lines === 0 && found.events === 0 && found.dead === 0) return 'intent → insert';
    const isWhole =
      found.lines === 1 && found.events === found.linedEvents && found.dead === found.linedDead;
    return isWhole ? 'insert → commit' : 'between views';
  }
}

interface Found {
  readonly events: number;
  readonly dead: number;
  readonly lines: number;
  /** What the ledger's line says there should be. */
  readonly linedEvents: number;
  readonly linedDead: number;
}

const PLACE =
  'topic = {topic:String} AND epoch = {epoch:UInt32} AND partition = {partition:UInt32}';
const ROWS = `${PLACE} AND offset BETWEEN {first:UInt64} AND {last:UInt64}`;
const LINES = `${PLACE} AND first = {first:UInt64} AND last = {last:UInt64}`;
const SQL = `SELECT
  toUInt32((SELECT count() FROM atbd.events_local WHERE ${ROWS})) AS events,
  toUInt32((SELECT count() FROM atbd.dead_letters_local WHERE ${ROWS})) AS dead,
  toUInt32(count()) AS lines, toUInt32(sum(stored)) AS linedEvents, toUInt32(sum(ledger_local.dead)) AS linedDead
  FROM atbd.ledger_local WHERE ${LINES} LIMIT 1`;

/** Asks until there is an answer: who was hit may be the one that is asked. */
export async function persistently<T>(ask: () => Promise<T>): Promise<T> {
  const deadline = Date.now() + ANSWER_MS_MAX;
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }
}
