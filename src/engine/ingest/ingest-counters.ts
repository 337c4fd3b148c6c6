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
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly message: string;
  /** The facts of the message, for who searches; offsets are text. */
  readonly fields: Readonly<Record<string, string | number>>;
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
    const stored = recordCountOf(chunk);
    this.#add({ chunkCount: chunkCount + 1, recordCount: recordCount + stored });
    this.#note({
      level: 'debug',
      message: `stored ${nameOf(chunk)} ${rangeOf(chunk.first, chunk.last)}`,
      fields: { ...fieldsOf(chunk), ...rangeFields(chunk.first, chunk.last), records: stored },
    });
  }

  onRetry(error: AtbdError, attempt: number): void {
    const message = `cannot go on yet (${error.code}, attempt ${attempt}): ${error.message}`;
    this.#add({ retryCount: this.#counts.retryCount + 1, lastError: message });
    const { cause } = error;
    this.#note({
      level: 'warn',
      message,
      fields: {
        // Not `attempt`, which is an event's own field: that of a payment.
        ...{ code: error.code, failed_attempts: attempt },
        ...(cause instanceof Error ? { cause: withoutPassword(cause.message) } : {}),
      },
    });
  }

  onResent(chunk: Chunk): void {
    this.#add({ resentCount: this.#counts.resentCount + 1 });
    this.#note({
      level: 'info',
      message: `sending ${nameOf(chunk)} ${rangeOf(chunk.first, chunk.last)} again: it was announced by an earlier owner`,
      fields: { ...fieldsOf(chunk), ...rangeFields(chunk.first, chunk.last) },
    });
  }

  onSkipped(at: PartitionPosition & { readonly ledgerEnd: bigint }): void {
    const last = at.ledgerEnd - 1n;
    this.#note({
      level: 'warn',
      message: `skipped ${nameOf(at)} ${rangeOf(at.position, last)}: the ledger has it already`,
      fields: { ...fieldsOf(at), ...rangeFields(at.position, last) },
    });
  }

  onAlarm(alarm: IngestAlarm): void {
    const last = alarm.until - 1n;
    const what = `${nameOf(alarm)} ${rangeOf(alarm.position, last)}`;
    const message =
      alarm.kind === 'ledger_behind'
        ? `${what} is committed but not in the ledger; see atbd verify`
        : `${what} was trimmed from the queue before it was stored`;
    this.#add({ alarmCount: this.#counts.alarmCount + 1, lastError: message });
    const fields = { alarm: alarm.kind, ...fieldsOf(alarm), ...rangeFields(alarm.position, last) };
    this.#note({ level: 'error', message, fields });
  }

  /** Of no interest to counts. */
  onActivity(): void {
    return;
  }

  #add(change: Partial<IngestCounts>): void {
    this.#counts = { ...this.#counts, ...change };
  }
}

type Place = Pick<Chunk, 'topic' | 'epoch' | 'partition'>;

function nameOf({ topic, epoch, partition }: Place): string {
  return `${topic}/${partition} (epoch ${epoch})`;
}

function fieldsOf({ topic, epoch, partition }: Place): Place {
  return { topic, partition, epoch };
}

function rangeOf(first: bigint, last: bigint): string {
  return `${first.toString()}-${last.toString()}`;
}

function rangeFields(first: bigint, last: bigint): { first: string; last: string } {
  return { first: first.toString(), last: last.toString() };
}

/** A client's own words may hold the address that it was given. */
function withoutPassword(text: string): string {
  return text.replaceAll(/\/\/[^/\s@]*@/g, '//***@');
}
