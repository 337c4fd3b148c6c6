/** What one question may use, on each shard. Sent with every question: a server's own profile may allow anything. */
export interface QuestionLimits {
  /** Whole seconds until its last row. */
  readonly seconds: number;
  readonly memoryBytes: number;
  /** What all shards together may read; null: whatever it takes. */
  readonly scan: ScanLimit | null;
  /** A shard that does not answer makes the question fail, where it would otherwise be answered in part. */
  readonly requireAll: boolean;
}

export interface ScanLimit {
  readonly unit: 'rows' | 'bytes';
  readonly max: number;
}

/** The longest that a question may be allowed; whoever needs longer asks for a shorter time range. */
export const QUESTION_SECONDS_MAX = 300;

/** The most that the embedded server's reader may be allowed: an operator's mistake must not take a laptop down. */
export const QUESTION_MEMORY_BYTES_MAX = 4 * 1024 ** 3;

/** Sorting and grouping go to the disk at half of it (the server's own default), so this holds nearly every question. */
const QUESTION_MEMORY_BYTES = 2 * 1024 ** 3;

/** For questions that no person waits for. */
export const DEFAULT_LIMITS: QuestionLimits = {
  seconds: QUESTION_SECONDS_MAX,
  memoryBytes: QUESTION_MEMORY_BYTES,
  scan: null,
  requireAll: false,
};

/**
 * The limits as the server takes them. It adds up what all shards read, and refuses a question before it reads when the
 * index leaves more rows than allowed.
 */
export function limitSettings(
  { seconds, memoryBytes, scan }: QuestionLimits,
  { stopsEarly = false }: { readonly stopsEarly?: boolean },
): Readonly<Record<string, string | number>> {
  return {
    max_execution_time: seconds,
    max_memory_usage: String(memoryBytes),
    ...(scan?.unit === 'rows' && !stopsEarly && { max_rows_to_read: String(scan.max) }),
    ...(scan?.unit === 'bytes' && { max_bytes_to_read: String(scan.max) }),
  };
}
