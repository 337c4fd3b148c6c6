import { describe, expect, it } from 'vitest';
import type { QueueRecord } from './queue.js';
import { encodeHole, encodeRows } from './record-row.js';

const record = (change: Partial<QueueRecord>): QueueRecord => ({
  offset: 7n,
  timestampMs: 1_795_000_000_123,
  key: null,
  value: Buffer.from('{}'),
  headers: undefined,
  ...change,
});

/** Reads one row back, as the server would. */
function decodeRows(bytes: Buffer): unknown[][] {
  let at = 0;
  const text = (): string => {
    let length = 0;
    for (let shift = 0, byte = 0x80; byte >= 0x80; shift += 7) {
      byte = bytes[at++]!;
      length |= (byte & 0x7f) << shift;
    }
    return bytes.toString('latin1', at, (at += length));
  };
  const u64 = (): bigint => bytes.readBigUInt64LE((at += 8) - 8);
  const rows: unknown[][] = [];
  while (at < bytes.length) {
    rows.push([u64(), u64(), bytes[at++], text(), text(), text()]);
  }
  return rows;
}

describe('encodeRows', () => {
  it.each([
    ['an event', record({}), [7n, 1_795_000_000_123n, 0, '', '', '{}']],
    ['a key', record({ key: Buffer.from('op-1') }), [7n, 1_795_000_000_123n, 0, '', 'op-1', '{}']],
    [
      'a backfilled one',
      record({ headers: { 'atbd-backfill': '1' } }),
      [7n, 1_795_000_000_123n, 1, '', '', '{}'],
    ],
    ['a tombstone', record({ value: null }), [7n, 1_795_000_000_123n, 0, 'tombstone', '', '']],
    [
      'an offset beyond 2^53',
      record({ offset: 2n ** 63n + 1n }),
      [2n ** 63n + 1n, 1_795_000_000_123n, 0, '', '', '{}'],
    ],
    [
      'an offset at 2^32',
      record({ offset: 2n ** 32n }),
      [2n ** 32n, 1_795_000_000_123n, 0, '', '', '{}'],
    ],
    ['a time that is none', record({ timestampMs: 1e18 }), [7n, 0n, 0, '', '', '{}']],
    [
      'a long value',
      record({ value: Buffer.alloc(300, 'x') }),
      [7n, 1_795_000_000_123n, 0, '', '', 'x'.repeat(300)],
    ],
    [
      'too large a value',
      record({ value: Buffer.alloc(1_000_001, 'x') }),
      [7n, 1_795_000_000_123n, 0, 'value_too_large', '', 'x'.repeat(4096)],
    ],
  ])('writes %s', (_name, given, row) => {
    expect(decodeRows(encodeRows([given, given]))).toEqual([row, row]);
  });

  it('has a row for a range without records', () => {
    expect(decodeRows(encodeHole(2n ** 60n))).toEqual([[2n ** 60n, 0n, 0, 'hole', '', '']]);
  });
});
