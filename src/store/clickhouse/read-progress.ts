import { scanExceeded } from './limit-error.js';
import type { ScanLimit } from './question-limits.js';

/** What a question has read on all shards so far. */
export interface ReadProgress {
  readonly rows: number;
  readonly bytes: number;
}

/** Throws SCAN_LIMIT_EXCEEDED as soon as more was read than is allowed. */
export function checkScan({ rows, bytes }: ReadProgress, scan: ScanLimit, doing: string): void {
  if ({ rows, bytes }[scan.unit] > scan.max) throw scanExceeded(doing, scan);
}

/** Adds up what several answers have read: one listener for each, and the sum goes to `onTotal`. */
export function addUpProgress(
  count: number,
  onTotal: (progress: ReadProgress) => void,
): ((progress: ReadProgress) => void)[] {
  const parts: ReadProgress[] = Array.from({ length: count }, () => ({ rows: 0, bytes: 0 }));
  return parts.map((_, index) => (progress) => {
    parts[index] = progress;
    onTotal({
      rows: parts.reduce((sum, { rows }) => sum + rows, 0),
      bytes: parts.reduce((sum, { bytes }) => sum + bytes, 0),
    });
  });
}

/** Takes the lines of JSONEachRowWithProgress apart: gives the row of a line that has one, and undefined for any other. */
export function createLineReader(onProgress: (progress: ReadProgress) => void) {
  return function readLine(line: unknown): unknown {
    const { row, progress } = line as ProgressLine;
    if (progress === undefined) return row;
    onProgress({ rows: Number(progress.read_rows), bytes: Number(progress.read_bytes) });
    return undefined;
  };
}

/** One of the two, or something else that is of no interest here. */
interface ProgressLine {
  readonly row?: unknown;
  readonly progress?: { readonly read_rows: string; readonly read_bytes: string };
}
