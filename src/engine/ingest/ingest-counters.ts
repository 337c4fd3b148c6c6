import { type Chunk, recordCountOf } from '../model/chunk.js';
import type { AtbdError } from '../model/error.js';
import type {
  IngestAlarm,
  IngestObserver,
  IngestStep,
  PartitionPosition,
} from './partition-ingest.js';

/** What the worker did since its start. Counts never go down. */
export interface IngestCounts {
  readonly chunkCount: number;
  readonly recordCount: number;
  readonly resentCount: number;
  readonly retryCount: number;
  readonly alarmCount: number;
  /** The latest failure or alarm, null when there was none. */
  readonly lastError: string | null;
}

/** A line for the worker's own log. */
export interface IngestNote {
  readonly level: 'info' | 'warn' | 'error';
  readonly message: string;
}

/** Counts what the worker does and puts what an operator should know into words. */
export class IngestCounters implements IngestObserver {
  readonly #note: (note: IngestNote) => void;
  #counts: IngestCounts = {
    chunkCount: 0,
    recordCount: 0,
    resentCount: 0,
    retryCount: 0,
    alarmCount: 0,
    lastError: null,
  };

  constructor(note: (note: IngestNote) => void) {
    this.#note = note;
  }

  get counts(): IngestCounts {
    return this.#counts;
  }

  onStep(step: IngestStep, chunk: Chunk): void {
    if (step !== 'committed') return;
    const { chunkCount, recordCount } = this.#counts;
    this.#add({ chunkCount: chunkCount + 1, recordCount: recordCount + recordCountOf(chunk) });
  }

  onRetry(error: AtbdError, attempt: number): void {
    const message = `cannot go on yet (${error.code}, attempt ${attempt}): ${error.message}`;
    this.#add({ retryCount: this.#counts.retryCount + 1, lastError: message });
    this.#note({ level: 'warn', message });
  }

  onResent(chunk: Chunk): void {
    this.#add({ resentCount: this.#counts.resentCount + 1 });
    const range = `${chunk.first.toString()}-${chunk.last.toString()}`;
    this.#note({
      level: 'info',
      message: `sent ${nameOf(chunk)} ${range} again: it was announced by an earlier owner`,
    });
  }

  onSkipped(at: PartitionPosition & { readonly ledgerEnd: bigint }): void {
    const message = `skipped ${nameOf(at)} ${at.position.toString()}-${(at.ledgerEnd - 1n).toString()}: the ledger has it already`;
    this.#note({ level: 'warn', message });
  }

  onAlarm(alarm: IngestAlarm): void {
    const range = `${alarm.position.toString()}-${(alarm.until - 1n).toString()}`;
    const message =
      alarm.kind === 'ledger_behind'
        ? `${nameOf(alarm)} ${range} is committed but not in the ledger; see atbd verify`
        : `${nameOf(alarm)} ${range} was trimmed from the queue before it was stored`;
    this.#add({ alarmCount: this.#counts.alarmCount + 1, lastError: message });
    this.#note({ level: 'error', message });
  }

  /** Of no interest to counts. */
  onActivity(): void {
    return;
  }

  #add(change: Partial<IngestCounts>): void {
    this.#counts = { ...this.#counts, ...change };
  }
}

function nameOf({
  topic,
  epoch,
  partition,
}: {
  topic: string;
  epoch: number;
  partition: number;
}): string {
  return `${topic}/${partition} (epoch ${epoch})`;
}
