import { describe, expect, it } from 'vitest';
import {
  RETRIED_PURCHASE,
  storedEventsOf,
  type EventAt,
} from '../../../../engine/testing/stored-events.js';
import { parseZone } from '../../../../engine/time/zone.js';
import { plainPaint } from '../../../_cli/terminal.js';
import { widthOf } from '../../../_cli/text-width.js';
import type { LogFormat } from '../log-format.js';
import { createLogWriter } from './log-writer.js';
import { selectFields } from '../select-fields.js';

const START_MS = Date.parse('2026-05-16T22:00:00.123Z');

interface WriteOptions {
  readonly width?: number;
  readonly fields?: string;
  readonly isTerminal?: boolean;
  readonly cursor?: string | null;
}

function write(format: LogFormat, events: readonly EventAt[], options: WriteOptions = {}): string {
  const { width = 120, fields, isTerminal = false, cursor = null } = options;
  const writer = createLogWriter(format, {
    terminal: { width, isTerminal, paint: plainPaint },
    zone: parseZone('Europe/Berlin'),
    fields: fields === undefined ? undefined : selectFields(fields).fields,
  });
  const batches = storedEventsOf(events, START_MS).map((stored) => writer.write([stored]));
  return batches.join('') + writer.end({ cursor, missingShards: [] });
}

const LINE: EventAt = {
  at: 0,
  level: 'error',
  service: 'pay',
  message: 'a "quoted", line\nand one more',
  amount: '-1.50',
  attempt: 2,
  attrs: { region: 'eu' },
};

const EVIL = '\u001b[2J\u009b1m\u202e\u0007';

describe('the table of logs', () => {
  it.each([80, 160])('at %d columns', (width) => {
    const lines = write('table', RETRIED_PURCHASE, { width });
    expect(lines).toMatchSnapshot();
    for (const line of lines.split('\n')) expect(widthOf(line)).toBeLessThanOrEqual(width);
  });

  it('has the columns that were asked for, also of attrs', () => {
    expect(
      write('table', [{ ...LINE, region: 'eu' } as EventAt], {
        fields: 'ts,level,attempt,region,message',
      }),
    ).toBe(
      'ts                       level  attempt  region  message\n' +
        '2026-05-17 00:00:00.123  error  2        eu      a "quoted", line ↵ and one more\n',
    );
  });

  it('lets no control character through', () => {
    const event = { at: 0, level: EVIL, service: EVIL, message: EVIL, file: EVIL, module: EVIL };
    expect(write('table', [event])).not.toMatch(/[^\P{Cc}\n]|\u202e/u);
    expect(write('table', [event], { fields: 'service,message' })).not.toMatch(
      /[^\P{Cc}\n]|\u202e/u,
    );
  });
});

describe('JSON', () => {
  it('is one document, with the cursor', () => {
    const text = write('json', [LINE, { at: 1, message: EVIL }], { cursor: 'abc' });
    expect(JSON.parse(text)).toEqual({
      events: [
        { ts: '2026-05-16T22:00:00.123Z', kind: 'log', type: 'log', ...LINE, at: undefined },
        { ts: '2026-05-16T22:00:00.124Z', kind: 'log', type: 'log', message: EVIL },
      ],
      next: 'abc',
      missingShards: [],
    });
    expect(text).not.toMatch(/[^\P{Cc}\n]|\u202e/u);
  });

  it('is a document also when nothing was found', () => {
    expect(write('json', [])).toBe('{"events":[],"next":null,"missingShards":[]}\n');
  });

  it('comes one event a line', () => {
    const lines = write('ndjson', RETRIED_PURCHASE).trimEnd().split('\n');
    expect(lines.map((line) => (JSON.parse(line) as { message?: string }).message)).toEqual(
      RETRIED_PURCHASE.map(({ message }) => message),
    );
  });
});

describe('CSV', () => {
  it('quotes as RFC 4180 and disarms formulas, but not numbers', () => {
    const fields = 'message,amount,service,region';
    const formula: EventAt = { at: 1, message: '=1+2', service: '@x,y', amount: '3' };
    expect(write('csv', [LINE, formula], { fields })).toBe(
      'message,amount,service,region\r\n' +
        '"a ""quoted"", line\nand one more",-1.50,pay,\r\n' +
        `'=1+2,3,"'@x,y",\r\n`,
    );
  });

  it('has its header above nothing', () => {
    expect(write('csv', [], { fields: 'ts,message' })).toBe('ts,message\r\n');
  });

  it('is byte for byte in a pipe, and safe on a terminal', () => {
    expect(write('csv', [{ at: 0, message: EVIL }], { fields: 'message' })).toBe(
      `message\r\n${EVIL}\r\n`,
    );
    expect(write('csv', [{ at: 0, message: EVIL }], { fields: 'message', isTerminal: true })).toBe(
      'message\r\n␛[2J<U+009B>1m<U+202E>␇\r\n',
    );
  });
});

describe('raw', () => {
  it('is the message: as it is in a pipe, safe on a terminal', () => {
    expect(write('raw', [LINE, { at: 1, message: EVIL }])).toBe(`${LINE.message}\n${EVIL}\n`);
    expect(write('raw', [{ at: 1, message: `${EVIL}\n\tat x` }], { isTerminal: true })).toBe(
      '␛[2J<U+009B>1m<U+202E>␇\n\tat x\n',
    );
  });
});

describe('--fields', () => {
  it('doubts a name that resembles a column', () => {
    expect(selectFields('mesage,region,attrs.levl').doubts).toEqual([
      'mesage is read from attrs; did you mean message?',
    ]);
  });

  it('refuses an empty name', () => {
    expect(() => selectFields('a,,b')).toThrow('cannot read --fields: a name is empty');
  });
});
