import { scanExceeded } from './limit-error.js';
import type { ScanLimit } from './question-limits.js';

/** What a question has read on all shards so far. */
export interface ReadProgress {
  readonly rows: number;
  readonly bytes: number;
}

export interface ProgressOptions {
  /** The question, in an error. */
  readonly doing: string;
  readonly scan: ScanLimit | null;
  readonly onProgress: ((progress: ReadProgress) => void) | undefined;
}

/**
 * Takes the lines of JSONEachRowWithProgress apart: gives the row of a line that has one, and undefined for any other.
 * Throws SCAN_LIMIT_EXCEEDED as soon as more was read than is allowed.
 */
export function createLineReader({ doing, scan, onProgress }: ProgressOptions) {
  return function readLine(line: unknown): unknown {
    const { row, progress } = line as ProgressLine;
    if (progress === undefined) return row;
    const read = { rows: Number(progress.read_rows), bytes: Number(progress.read_bytes) };
    onProgress?.(read);
    if (scan !== null && read[scan.unit] > scan.max) throw scanExceeded(doing, scan);
    return undefined;
  };
}

/** One of the two, or something else that is of no interest here. */
interface ProgressLine {
  readonly row?: unknown;
  readonly progress?: { readonly read_rows: string; readonly read_bytes: string };
}
