import type { RunLimits } from '../../model/record-run.js';
import type { TopicFormat } from './topic-spec.js';

// A chunk's range is announced before anybody looks into its records, and must be one block of the store whatever they become: below
// 200,000 rows and 128 MiB. So a chunk of a foreign topic is smaller, and what a record may become hangs on its size.

/** A record has at most one event for so many of its bytes: a log record that says anything takes twice as much. */
export const EVENT_BYTES_MIN = 24;

/** What its events may take together, times its own size: each repeats the attributes of its resource. */
export const GROWTH_MAX = 32;

/** So much is free, however small the record. */
export const MAPPED_BYTES_FREE = 4096;

const MIB = 1024 * 1024;

/** Of formats with one event a record: JSON escapes make at most six bytes of one. */
const LIMITS_OF_ONE: RunLimits = { recordsMax: 50_000, bytesMax: 8 * MIB };

/** One more record than fits may be in a chunk; with it 3 MB become at most 125,000 rows and 96 MB. */
const LIMITS_OF_MANY: RunLimits = { recordsMax: 10_000, bytesMax: 2 * MIB };

/** How large a chunk of a topic may be; undefined for our own format. */
export function chunkLimitsOf(format: TopicFormat): RunLimits | undefined {
  if (format === 'atbd') return undefined;
  return format === 'otlp-json' ? LIMITS_OF_MANY : LIMITS_OF_ONE;
}
