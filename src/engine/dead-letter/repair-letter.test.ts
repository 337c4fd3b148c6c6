import { describe, expect, it } from 'vitest';
import { createTopicMappers } from '../edge/topic/topic-mapper.js';
import type { DeadLetter } from '../model/dead-letter.js';
import { AtbdError } from '../model/error.js';
import { OVERSIZED_SAMPLE_BYTES, VALUE_BYTES_MAX } from '../model/limit.js';
import { parseChange, repairLetter } from './repair-letter.js';

function letterOf(raw: string | Buffer, reason = 'invalid_json'): DeadLetter {
  const bytes = Buffer.from(raw);
  return {
    ...{ topic: 'events', epoch: 1, partition: 0, offset: 1n, state: 'waiting', reason },
    ...{ timeMs: Date.UTC(2026, 0, 2), storedAtMs: 0, producer: '', key: Buffer.from('k-1') },
    ...{ size: bytes.length, sample: bytes, raw: bytes },
  };
}

function become(raw: string | Buffer, sets: readonly string[], reason?: string): string {
  const repaired = repairLetter(letterOf(raw, reason), sets.map(parseChange));
  return repaired.kind === 'event' ? repaired.value.toString('utf8') : repaired.why;
}

describe('a letter', () => {
  it.each([
    // Text becomes an event by what keeps it.
    ['a line', ['message=@raw'], '{"message":"a line"}'],
    [
      'a line',
      ['message=@raw', 'service=cart', 'attempt=3', 'ts=@time'],
      '{"message":"a line","service":"cart","attempt":3,"ts":"2026-01-02T00:00:00.000Z"}',
    ],
    ['a line', ['message=x', 'attrs.text=@raw'], '{"message":"x","attrs":{"text":"a line"}}'],
    ['[1]', ['message=@raw'], '{"message":"[1]"}'],
    ['a line', ['service=cart'], 'text_unused'],
    ['a line', ['order_id=@key'], 'text_unused'],
    // A tombstone has no text to keep, but a key.
    ['', ['order_id=@key'], '{"order_id":"k-1"}'],
    ['', ['service=cart'], 'text_unused'],
    ['', ['message=@raw'], 'text_unused'],
    // An object keeps what is not set.
    ['{"a":1,"service":"x"}', ['service="y"'], '{"a":1,"service":"y"}'],
    ['{"attrs":{"a":1}}', ['attrs.b.c=true'], '{"attrs":{"a":1,"b.c":true}}'],
    ['{"attrs":7}', ['attrs.__proto__=x'], '{"attrs":{"__proto__":"x"}}'],
    // As it was.
    ['a line', [], 'still_dead'],
  ])('%j with --set %j: %s', (raw, sets, expected) => {
    expect(become(raw, sets)).toBe(expected);
  });

  it('that is nested too deep for the store is a text', () => {
    const deep = `{"a":${'['.repeat(300)}${']'.repeat(300)}}`;
    expect(become(deep, ['service=cart'])).toBe('text_unused');
    expect(become(deep, ['message=@raw'])).toBe(JSON.stringify({ message: deep }));
  });

  it('of a topic that others fill is sent as it is where the mapping takes it now, and not where it would not take it', () => {
    const map = createTopicMappers([
      { name: 'foreign', format: 'text', pattern: '^(?<level>[A-Z]+) (?<message>.+)$' },
    ]).get('foreign');
    const outcome = (raw: string, sets: readonly string[]): string => {
      const repaired = repairLetter(letterOf(raw, 'no_match'), sets.map(parseChange), map);
      return repaired.kind === 'event' ? repaired.value.toString('utf8') : repaired.why;
    };
    expect(outcome('WARN low', [])).toBe('WARN low');
    expect(outcome('still wrong', [])).toBe('still_dead');
    expect(outcome('still wrong', ['message=@raw'])).toBe('still_dead');
  });

  it('of which only the beginning is stored is not made an event', () => {
    const sample = 'x'.repeat(OVERSIZED_SAMPLE_BYTES);
    expect(become(sample, ['message=@raw'], 'value_too_large')).toBe('truncated');
  });

  it('does not become an event that is too large', () => {
    const text = 'x'.repeat(VALUE_BYTES_MAX - 10);
    expect(become(text, ['message=@raw'])).toBe('too_large');
  });

  it.each([
    [Buffer.from([0x61, 0xff, 0x00, 0x1b]), '{"message":"a\ufffd\\u0000\\u001b"}'],
    [
      '{"a":"\\ud800 \\\\ud800"}',
      '{"a":"\ufffd \\\\ud800","message":"{\\"a\\":\\"\\\\ud800 \\\\\\\\ud800\\"}"}',
    ],
  ])('of hostile bytes becomes JSON that the store takes: %j', (raw, expected) => {
    expect(become(raw, ['message=@raw'])).toBe(expected);
  });
});

describe('a change', () => {
  it.each([
    ['message', 'it is not FIELD=VALUE'],
    ['=x', 'it is not FIELD=VALUE'],
    ['region=eu', 'an event has no such field of its own'],
    ['attrs={}', 'an event has no such field of its own'],
    ['attrs.=x', 'an event has no such field of its own'],
    ['__proto__=x', 'an event has no such field of its own'],
  ])('%s is refused: %s', (text, why) => {
    let error: unknown;
    try {
      parseChange(text);
    } catch (cause) {
      error = cause;
    }
    expect(error).toBeInstanceOf(AtbdError);
    expect((error as AtbdError).message).toContain(why);
  });
});
