import { describe, expect, it } from 'vitest';
import type { QueueRecord } from '../../engine/model/queue.js';
import { encodeChunk } from './encode-chunk.js';

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
  const u32 = (): number => bytes.readUInt32LE((at += 4) - 4);
  const u64 = (): bigint => bytes.readBigUInt64LE((at += 8) - 8);
  const rows: unknown[][] = [];
  while (at < bytes.length) {
    rows.push([
      text(),
      u32(),
      u32(),
      u64(),
      u64(),
      u64(),
      u64(),
      bytes[at++],
      text(),
      text(),
      text(),
    ]);
  }
  return rows;
}

const chunk = {
  topic: 'événements',
  epoch: 3,
  partition: 5,
  first: 2n ** 60n,
  last: 2n ** 63n,
  shard: 0,
};
const HEAD = ['événements', 3, 5, 2n ** 60n, 2n ** 63n].map((part) =>
  typeof part === 'string' ? Buffer.from(part).toString('latin1') : part,
);

describe('encodeChunk', () => {
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
    expect(decodeRows(encodeChunk({ ...chunk, records: [given, given] }))).toEqual([
      [...HEAD, ...row],
      [...HEAD, ...row],
    ]);
  });

  it('writes a mark for a range without records', () => {
    expect(decodeRows(encodeChunk({ ...chunk, records: [] }))).toEqual([
      [...HEAD, 2n ** 60n, 0n, 0, 'hole', '', ''],
    ]);
  });
});
