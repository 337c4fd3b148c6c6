import { describe, expect, it } from 'vitest';
import { createReadTopic } from './read-topic.js';

const TOPICS = [
  { name: 'own', format: 'atbd' },
  { name: 'lines', format: 'text' },
  { name: 'otlp', format: 'otlp-json' },
] as const;

function read(topic: string, value: string): unknown {
  const record = { offset: 0n, timestampMs: 0, key: null, value: Buffer.from(value) };
  return createReadTopic(topic, TOPICS)?.({ ...record, headers: undefined });
}

describe('what tail reads of a topic', () => {
  it.each(['own', 'nobody described it'])('%s is our own format', (topic) => {
    expect(read(topic, '{}')).toBeUndefined();
  });

  it('is what ingest makes of it', () => {
    expect(read('lines', 'a b')).toEqual([
      { kind: 'event', event: { kind: 'log', message: 'a b' } },
    ]);
    expect(read('lines', ' ')).toEqual([{ kind: 'deadLetter', reason: 'blank' }]);
    const logRecords = [{ body: { stringValue: 'a' } }, { body: { stringValue: 'b' } }];
    expect(
      read('otlp', JSON.stringify({ resourceLogs: [{ scopeLogs: [{ logRecords }] }] })),
    ).toMatchObject([{ event: { message: 'a' } }, { event: { message: 'b' } }]);
  });
});
