import { describe, expect, it } from 'vitest';
import { BACKFILL_HEADER, VALUE_BYTES_MAX } from '../../../model/limit.js';
import type { QueueMessage } from '../../../model/queue.js';
import { encodeRows } from '../../../model/record-row.js';
import { fieldsOfMessage } from '../entry-field.js';
import { offsetOfId } from '../entry-id.js';
import { type Entry, runOfEntries } from './entry-run.js';

const ID = '1700000000000-7';

/** As the server gives back what was sent. */
function entryOf(id: string, message: QueueMessage): Entry {
  return [Buffer.from(id), fieldsOfMessage(message).map((field) => Buffer.from(field as string))];
}

describe('runOfEntries', () => {
  it.each<[string, QueueMessage]>([
    ['a value', { key: null, value: 'v' }],
    ['a key and a time', { key: 'k', value: 'v', timestampMs: 1_600_000_000_123 }],
    ['headers', { key: 'k', value: 'v', headers: { [BACKFILL_HEADER]: '1', other: 'ü' } }],
    ['a tombstone', { key: 'k', value: null }],
    ['an empty value', { key: null, value: '' }],
    ['a value that is too large', { key: null, value: 'x'.repeat(VALUE_BYTES_MAX + 1) }],
  ])('gives the rows that the records would be encoded as: %s', (_, message) => {
    const run = runOfEntries([entryOf(ID, message), entryOf('8796093022207-1048575', message)])!;
    const [first, second] = run.records();
    expect(first).toEqual({
      offset: offsetOfId(ID),
      timestampMs: message.timestampMs ?? 1_700_000_000_000,
      key: message.key === null ? null : Buffer.from(message.key as string),
      value: message.value === null ? null : Buffer.from(message.value as string),
      headers: message.headers,
    });
    expect(second!.offset).toBe(2n ** 63n - 1n);
    expect(run.rows()).toEqual(encodeRows(run.records()));
  });

  it('is nothing when there are no entries', () => {
    expect(runOfEntries([])).toBeUndefined();
  });
});
