import { expect, it } from 'vitest';
import { AtbdError } from '../model/error.js';
import { IngestCounters, type IngestNote } from './ingest-counters.js';

it('says why an attempt failed, without the password of an address', () => {
  const notes: IngestNote[] = [];
  const counters = new IngestCounters((note) => notes.push(note));
  counters.onRetry(
    new AtbdError({
      ...{ code: 'CLICKHOUSE_BUSY', message: 'cannot store a chunk of events/0', hint: 'wait' },
      cause: new Error('refused by redis://user:secret@host:1/ and http://x@y'),
    }),
    3,
  );
  expect(notes).toEqual([
    {
      level: 'warn',
      message: 'cannot go on yet (CLICKHOUSE_BUSY, attempt 3): cannot store a chunk of events/0',
      fields: {
        ...{ code: 'CLICKHOUSE_BUSY', failed_attempts: 3 },
        cause: 'refused by redis://***@host:1/ and http://***@y',
      },
    },
  ]);
  expect(counters.counts).toMatchObject({ retryCount: 1, lastError: notes[0]?.message });
});
