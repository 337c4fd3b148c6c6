import { describe, expect, it } from 'vitest';
import { readEvent } from '../../../engine/tail/read-event.js';
import { parseZone } from '../../../engine/time/zone.js';
import { createRender, type RenderOptions } from './render-record.js';

const QUEUE_TIME_MS = Date.parse('2026-05-16T12:00:00.000Z');

function lineOf(value: string | null, options: Partial<RenderOptions> = {}): string {
  const record = {
    offset: 7n,
    timestampMs: QUEUE_TIME_MS,
    key: null,
    value: value === null ? null : Buffer.from(value),
    headers: undefined,
  };
  const render = createRender({
    format: 'text',
    zone: parseZone('+02:00'),
    hasColor: false,
    hasPosition: false,
    isTerminal: true,
    ...options,
  });
  return render(readEvent(record), { topic: 'events', partition: 3, record }).toString();
}

const LOG = JSON.stringify({
  ts: '2026-05-16T12:34:56.789Z',
  level: 'error',
  service: 'payment',
  module: 'provider',
  file: '/srv/src/provider.js',
  line: 42,
  message: 'card \u001b[2Jdeclined\n',
});

describe('a line of tail', () => {
  it('shows time in the zone, level, service, source and the message without its escapes', () => {
    expect(lineOf(LOG)).toBe(
      '2026-05-16 14:34:56.789 ERROR payment provider provider.js:42: card ␛[2Jdeclined␊\n',
    );
  });

  it('shows an event without a message by its fields, and its queue time where it has none', () => {
    expect(
      lineOf('{"kind":"record","type":"order.paid","order_id":"o\\u0007","amount":"9.90"}'),
    ).toBe('2026-05-16 14:00:00.000       type=order.paid order_id=o␇ amount=9.90\n');
  });

  it('carries its position where the tail has a name', () => {
    expect(lineOf(LOG, { hasPosition: true })).toMatch(/^3:7 2026-/);
  });

  it.each([
    ['not \u001b]0;json', 'dead letter at 3:7: invalid_json not ␛]0;json'],
    ['[1]', 'dead letter at 3:7: not_an_object [1]'],
    [null, 'dead letter at 3:7: tombstone '],
  ])('shows %j as a dead letter', (value, expected) => {
    expect(lineOf(value)).toBe(`2026-05-16 14:00:00.000 ${expected}\n`);
  });

  it('is one JSON object with its position as ndjson', () => {
    expect(lineOf('{"message":"\\u009b2J"}', { format: 'ndjson' })).toBe(
      '{"topic":"events","partition":3,"offset":"7","queueTime":"2026-05-16T12:00:00.000Z","event":{"message":"\\u009b2J"}}\n',
    );
  });

  it('is the bytes themselves as raw, except on a terminal', () => {
    expect(lineOf('{"a": "\u001b"}', { format: 'raw', isTerminal: false })).toBe(
      '{"a": "\u001b"}\n',
    );
    expect(lineOf('{"a": "\u001b"}', { format: 'raw' })).toBe('{"a": "␛"}\n');
  });
});
