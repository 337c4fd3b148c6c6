import { VALUE_BYTES_MAX } from '../model/limit.js';
import type { QueueRecord } from '../model/queue.js';

/** What a record is for a reader: an event, or what ingest will keep as a dead letter. */
export type TailRecord =
  | { readonly kind: 'event'; readonly event: Readonly<Record<string, unknown>> }
  | { readonly kind: 'deadLetter'; readonly reason: string };

/** Reads a record's value; what is not one JSON object within the size limit is a dead letter. */
export function readEvent({ value }: QueueRecord): TailRecord {
  if (value === null) return { kind: 'deadLetter', reason: 'tombstone' };
  if (value.byteLength > VALUE_BYTES_MAX) return { kind: 'deadLetter', reason: 'value_too_large' };
  try {
    const parsed: unknown = JSON.parse(value.toString('utf8'));
    if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)) {
      return { kind: 'event', event: parsed as Readonly<Record<string, unknown>> };
    }
    return { kind: 'deadLetter', reason: 'not_an_object' };
  } catch {
    return { kind: 'deadLetter', reason: 'invalid_json' };
  }
}
