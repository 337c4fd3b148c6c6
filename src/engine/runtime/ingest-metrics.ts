import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { InflightBudget } from '../ingest/inflight-budget.js';
import type { IngestObserver, PartitionName } from '../ingest/partition-ingest.js';
import { observerOf } from '../ingest/observe-all.js';
import { byteCountOf, type Chunk, recordCountOf } from '../model/chunk.js';
import type { LedgerSum, LedgerSums } from '../model/ledger-sum.js';
import { INGEST_GROUP_ID } from '../model/limit.js';
import type { Queue } from '../model/queue.js';
import { LedgerTally } from './ledger-tally.js';
import type { PartitionWatch } from './partition-watch.js';

export interface IngestMetricsOptions {
  readonly queue: Pick<Queue, 'groupProgress'>;
  readonly ledger: LedgerSums;
  readonly watch: PartitionWatch;
  readonly budget: Pick<InflightBudget, 'bytes' | 'bytesMax' | 'pausedCount'>;
  /** A source that has not answered by then is left out of this scrape. */
  readonly answerMsMax: number;
}

/** From one record to the largest chunk. */
const RECORD_BUCKETS = [1, 10, 100, 1_000, 5_000, 10_000, 25_000, 50_000, 100_000];
const KIB = 1024;
const BYTE_BUCKETS = [1, 16, 64, 256, 1_024, 4_096, 8_192, 16_384].map((kib) => kib * KIB);
/** From an idle shard's answer to an insert that ran into its time-out and was sent again. */
const SECOND_BUCKETS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300];

const FROM_LEDGER =
  'As counted by the store when it inserted, and read from its ledger at each scrape: a shard that does not answer then moves the count to a later scrape.';

/** What an ingest worker shows to Prometheus. Every figure is of this process, but for the lag in records, which is the group's. */
export class IngestMetrics {
  readonly observer: IngestObserver;
  readonly #options: IngestMetricsOptions;
  readonly #registry = new Registry();
  readonly #tally: LedgerTally;
  readonly #of: ReturnType<typeof createMetrics>;
  #refreshing: Promise<void> | undefined;

  constructor(options: IngestMetricsOptions) {
    this.#options = options;
    this.#tally = new LedgerTally(options.ledger);
    collectDefaultMetrics({ register: this.#registry });
    this.#of = createMetrics(this.#registry);
    this.observer = this.#createObserver();
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  /** The text of one scrape. Never rejects because a source is away: `atbd_ingest_scrape_failures_total` counts that. */
  async render(): Promise<string> {
    this.#refreshing ??= this.#refresh().finally(() => {
      this.#refreshing = undefined;
    });
    await this.#refreshing;
    return this.#registry.metrics();
  }

  #createObserver(): IngestObserver {
    const of = this.#of;
    return observerOf({
      onStep: (step, chunk) => {
        if (step === 'committed') this.#onCommitted(chunk);
      },
      onRetry: ({ code }) => {
        of.retries.inc({ reason: code.toLowerCase() });
      },
      onResent: ({ topic }) => {
        of.resentChunks.inc({ topic });
      },
      onSkipped: ({ topic, position, ledgerEnd }) => {
        of.skippedOffsets.inc({ topic }, Number(ledgerEnd - position));
      },
      onAlarm: ({ topic, kind }) => {
        of.alarms.inc({ topic, kind });
      },
      onActivity: (at, activity) => {
        if (activity.kind === 'inserted') {
          const { chunk, durationMs } = activity;
          of.flushRecords.observe(recordCountOf(chunk));
          of.flushBytes.observe(byteCountOf(chunk));
          of.flushSeconds.observe(durationMs / 1000);
        }
        if (activity.kind === 'released') of.watermark.remove(labelsOf(at));
      },
    });
  }

  #onCommitted(chunk: Chunk): void {
    this.#of.records.inc(labelsOf(chunk), recordCountOf(chunk));
    this.#of.bytes.inc(labelsOf(chunk), byteCountOf(chunk));
    this.#tally.add(chunk);
  }

  async #refresh(): Promise<void> {
    const { budget, watch } = this.#options;
    this.#of.ownedPartitions.set(watch.owned.length);
    this.#of.pausedPartitions.set(budget.pausedCount);
    this.#of.inflightBytes.set(budget.bytes);
    this.#of.inflightBytesMax.set(budget.bytesMax);
    await Promise.all([
      this.#orCount('store', async () => {
        for (const sum of await this.#tally.take()) this.#addSum(sum);
      }),
      this.#orCount('queue', () => this.#measureLag()),
    ]);
  }

  #addSum(sum: LedgerSum): void {
    const of = this.#of;
    const { topic, stored, late, clamped, dead, newestMs } = sum;
    of.events.inc({ topic }, stored);
    of.late.inc({ topic }, late);
    of.clamped.inc({ topic }, clamped);
    for (const [reason, count] of Object.entries(dead)) of.dead.inc({ topic, reason }, count);
    const isOurs = this.#options.watch.owned.some(
      (owned) => owned.topic === topic && owned.partition === sum.partition,
    );
    if (newestMs === null || !isOurs) return;
    of.watermark.rise(labelsOf(sum), newestMs / 1000);
  }

  async #measureLag(): Promise<void> {
    const { queue, watch } = this.#options;
    const { lagRecords, lagSeconds } = this.#of;
    const owned = watch.owned;
    // What cannot be measured is absent, and not as it was.
    lagRecords.reset();
    lagSeconds.reset();
    for (const topic of new Set(owned.map((at) => at.topic))) {
      const progress = await queue.groupProgress(INGEST_GROUP_ID, topic);
      for (const at of owned.filter((other) => other.topic === topic)) {
        const waiting = progress.get(at.partition)?.waiting;
        if (waiting === undefined) continue;
        lagRecords.set(labelsOf(at), Number(waiting));
        const waitingMs = waiting === 0n ? 0 : watch.waitingMs(at);
        if (waitingMs !== undefined) lagSeconds.set(labelsOf(at), waitingMs / 1000);
      }
    }
  }

  async #orCount(source: 'store' | 'queue', measure: () => Promise<void>): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const tooLate = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        reject(new Error('it did not answer in time'));
      }, this.#options.answerMsMax);
    });
    const measured = measure();
    // Late, it counts nothing twice, and nobody waits for its failure.
    measured.catch(() => undefined);
    try {
      await Promise.race([measured, tooLate]);
    } catch {
      this.#of.scrapeFailures.inc({ source });
    } finally {
      clearTimeout(timer);
    }
  }
}

type PartitionLabel = 'topic' | 'partition';

function labelsOf({ topic, partition }: PartitionName): Record<PartitionLabel, string> {
  return { topic, partition: String(partition) };
}

/** A gauge that never goes back while it is there. */
class Watermark {
  readonly #gauge: Gauge<PartitionLabel>;
  readonly #largest = new Map<string, number>();

  constructor(gauge: Gauge<PartitionLabel>) {
    this.#gauge = gauge;
  }

  rise(labels: Record<PartitionLabel, string>, value: number): void {
    const name = `${labels.topic}/${labels.partition}`;
    const largest = Math.max(value, this.#largest.get(name) ?? value);
    this.#largest.set(name, largest);
    this.#gauge.set(labels, largest);
  }

  remove(labels: Record<PartitionLabel, string>): void {
    this.#largest.delete(`${labels.topic}/${labels.partition}`);
    this.#gauge.remove(labels);
  }
}

/** Makes metrics of one registry under our prefix. */
function makersOf(registry: Registry) {
  const registers = [registry];
  const named = (name: string): string => `atbd_ingest_${name}`;
  return {
    counter: <Label extends string>(name: string, help: string, labelNames: readonly Label[]) =>
      new Counter<Label>({ name: named(name), help, labelNames, registers }),
    gauge: <Label extends string>(name: string, help: string, labelNames: readonly Label[] = []) =>
      new Gauge<Label>({ name: named(name), help, labelNames, registers }),
    histogram: (name: string, help: string, buckets: number[]) =>
      new Histogram({ name: named(name), help, buckets, registers }),
  };
}

type Makers = ReturnType<typeof makersOf>;

const BY_PARTITION = ['topic', 'partition'] as const;

function createMetrics(registry: Registry) {
  const make = makersOf(registry);
  return {
    ...storedMetrics(make),
    ...lagMetrics(make),
    ...flushMetrics(make),
    ...troubleMetrics(make),
  };
}

function storedMetrics({ counter }: Makers) {
  return {
    records: counter(
      'records_total',
      'Records of chunks that this worker committed.',
      BY_PARTITION,
    ),
    bytes: counter(
      'bytes_total',
      'Bytes of those records as they go to the store (key, value and a few bytes a record).',
      BY_PARTITION,
    ),
    events: counter('events_stored_total', `Events stored. ${FROM_LEDGER}`, ['topic']),
    dead: counter('dead_letters_total', `Dead letters. ${FROM_LEDGER}`, ['topic', 'reason']),
    late: counter(
      'late_events_total',
      `Events that reached the queue more than two minutes after they happened; backfills are not counted. ${FROM_LEDGER}`,
      ['topic'],
    ),
    clamped: counter(
      'clamped_events_total',
      `Events whose time was impossible (more than 400 days before the queue's time, or 10 minutes after) and that were stored under the queue's time. ${FROM_LEDGER}`,
      ['topic'],
    ),
  };
}

function lagMetrics({ gauge }: Makers) {
  return {
    watermark: new Watermark(
      gauge(
        'watermark_timestamp_seconds',
        `Largest event time stored of a partition that this worker owns. ${FROM_LEDGER}`,
        BY_PARTITION,
      ),
    ),
    lagRecords: gauge(
      'lag_records',
      'Records of an owned partition behind the position of the group. Asked of the queue at each scrape.',
      BY_PARTITION,
    ),
    lagSeconds: gauge(
      'lag_seconds',
      'How long the oldest record that is not stored has been in the queue; 0 when nothing waits. Exact for a chunk on its way, else at most that much. From queue times that this worker saw.',
      BY_PARTITION,
    ),
    ownedPartitions: gauge('owned_partitions', 'Partitions that this worker owns.'),
    pausedPartitions: gauge(
      'paused_partitions',
      'Owned partitions that hold a chunk on its way and one behind it: nothing more is fetched until the insert is done.',
    ),
    inflightBytes: gauge(
      'inflight_bytes',
      'Bytes of records read and not stored yet, without what the queue client has in its buffer.',
    ),
    inflightBytesMax: gauge(
      'inflight_bytes_max',
      'What --max-inflight-bytes allows, buffers included.',
    ),
  };
}

function flushMetrics({ histogram }: Makers) {
  return {
    flushRecords: histogram('flush_records', 'Records of an insert.', RECORD_BUCKETS),
    flushBytes: histogram('flush_bytes', 'Bytes of an insert.', BYTE_BUCKETS),
    flushSeconds: histogram(
      'flush_duration_seconds',
      'From the first attempt of an insert to the answer that it is stored, further attempts and the waits before them included.',
      SECOND_BUCKETS,
    ),
  };
}

function troubleMetrics({ counter }: Makers) {
  return {
    retries: counter(
      'retries_total',
      'Attempts that failed and are made again (inserts, commits, look-ups), by the code of the error.',
      ['reason'],
    ),
    resentChunks: counter(
      'resent_chunks_total',
      'Chunks that an earlier owner had announced and this worker sent again.',
      ['topic'],
    ),
    skippedOffsets: counter(
      'skipped_offsets_total',
      'Offsets passed over because the ledger had them already.',
      ['topic'],
    ),
    alarms: counter(
      'alarms_total',
      'Alarms: ledger_behind (committed, but not in the ledger), trimmed (the queue dropped records before they were stored).',
      ['topic', 'kind'],
    ),
    scrapeFailures: counter(
      'scrape_failures_total',
      'Scrapes for which the store or the queue did not answer in time: figures from there are old or absent.',
      ['source'],
    ),
  };
}
