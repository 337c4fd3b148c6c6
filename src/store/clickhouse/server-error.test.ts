import { expect, it } from 'vitest';
import { toStoreError } from './server-error.js';

const refusal = (code: string, message: string): Error =>
  Object.assign(new Error(message), { code });

it.each([
  // As a shard said it when another was killed amid its answer.
  [
    '32',
    'Attempt to read after eof: while receiving packet from 127.0.0.1:9: While executing Remote. ',
  ],
  ['33', 'Cannot read all data. Bytes read: 2. Bytes expected: 9.: While executing Remote. '],
  ['210', 'Connection reset by peer'],
  ['236', 'Server is shutting down'],
])('takes code %s for a shard that went away: it may be asked again', (code, message) => {
  const error = toStoreError(refusal(code, message), 'ask');
  expect(error.code).toBe('CLICKHOUSE_UNREACHABLE');
  expect(error.isRetryable).toBe(true);
});

it('does not take damage on a disk for a shard that went away', () => {
  const message = 'Cannot read all data: (while reading column op_id): While executing MergeTree';
  expect(toStoreError(refusal('33', message), 'ask').code).toBe('CLICKHOUSE_REFUSED');
});
