import { encodeMappedRows, type MappedRow, isBackfill } from '../../model/record-row.js';
import type { QueueRecord } from '../../model/queue-record.js';
import type { RecordRun } from '../../model/record-run.js';
import type { MapRecord } from './topic-mapper.js';

/** A run of foreign records: the same records at the same offsets, but its rows are those of the events they become. */
export class MappedRun implements RecordRun {
  readonly #run: RecordRun;
  readonly #map: MapRecord;
  #rows: Buffer | undefined;

  constructor(run: RecordRun, map: MapRecord) {
    this.#run = run;
    this.#map = map;
  }

  get recordCount(): number {
    return this.#run.recordCount;
  }

  get byteCount(): number {
    return this.#run.byteCount;
  }

  offsetAt(index: number): bigint {
    return this.#run.offsetAt(index);
  }

  bytesOfFirst(count: number): number {
    return this.#run.bytesOfFirst(count);
  }

  slice(from: number, to: number): RecordRun {
    return new MappedRun(this.#run.slice(from, to), this.#map);
  }

  /** Mapped once, when they are first asked for. */
  rows(): Buffer {
    this.#rows ??= encodeMappedRows(
      this.#run.records().flatMap((record) => rowsOf(record, this.#map)),
    );
    return this.#rows;
  }

  records(): readonly QueueRecord[] {
    return this.#run.records();
  }
}

function rowsOf(record: QueueRecord, map: MapRecord): readonly MappedRow[] {
  const { offset, timestampMs, key, value, headers } = record;
  const head = { offset, timestampMs, isBackfill: isBackfill(headers), key };
  const mapped = map(record);
  if (mapped.kind === 'deadLetter') return [{ ...head, reason: mapped.reason, value, item: 0 }];
  // The store has no key of an event, and here it would be repeated for each.
  return mapped.values.map((each, item) => ({ ...head, key: null, reason: '', value: each, item }));
}
