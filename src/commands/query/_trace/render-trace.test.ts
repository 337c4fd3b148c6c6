import { describe, expect, it } from 'vitest';
import {
  RETRIED_PURCHASE,
  storedEventsOf,
  type EventAt,
} from '../../../engine/testing/stored-events.js';
import { UTC } from '../../../engine/time/zone.js';
import { colorPaint, plainPaint } from '../../_cli/terminal.js';
import { widthOf } from '../../_cli/text-width.js';
import { renderFlat } from './render-flat.js';
import { renderTrace } from './render-trace.js';
import { pictureOf } from './trace-picture.js';

const START_MS = Date.parse('2026-05-16T10:00:00.123Z');

function draw(
  events: readonly EventAt[],
  width: number,
  paint = plainPaint,
  id = 'op-1',
): string[] {
  const stored = storedEventsOf(events, START_MS);
  return [
    ...renderTrace(pictureOf(id, stored, { isExpanded: false }), {
      width,
      zone: UTC,
      paint,
      isEndless: false,
    }),
  ];
}

/** A purchase paid at the third attempt, in line with what the payment service says of each. */
const PERSISTENT_PURCHASE: readonly EventAt[] = [
  {
    at: 0,
    kind: 'span',
    service: 'order',
    span_id: 'root',
    operation: 'buy',
    message: 'POST /orders',
    status: 'ok',
    duration_ms: 2600,
  },
  { at: 2, service: 'order', span_id: 'root', level: 'info', message: 'order o-1 placed' },
  {
    at: 10,
    kind: 'span',
    service: 'payment',
    span_id: 'pay',
    parent_id: 'root',
    operation: 'buy',
    message: 'POST /charge',
    status: 'ok',
    duration_ms: 2560,
  },
  ...attempt(20, 1, { status: 'timeout', ms: 800, said: 'no answer from acme within 800 ms' }),
  ...attempt(1020, 2, { status: 'failed', ms: 30, said: 'acme answered 503' }),
  ...attempt(1450, 3, { status: 'ok', ms: 1100 }),
  { at: 2595, service: 'order', span_id: 'root', level: 'info', message: 'order o-1 is paid' },
];

function attempt(
  at: number,
  number: number,
  { status, ms, said }: { readonly status: string; readonly ms: number; readonly said?: string },
): EventAt[] {
  const facts = { service: 'payment', provider: 'acme', attempt: number };
  const line = { ...facts, level: 'error', file: 'src/pay/acme.ts', line: 61 };
  const span_id = `try${number}`;
  return [
    {
      at,
      kind: 'span',
      span_id,
      parent_id: 'pay',
      operation: 'buy',
      status,
      duration_ms: ms,
      ...facts,
    },
    ...(said === undefined ? [] : [{ at: at + ms, span_id, message: said, ...line }]),
    {
      at: at + ms + 0.2,
      kind: 'record',
      type: 'payment.attempt',
      span_id: 'pay',
      status,
      ...facts,
    },
  ];
}

describe('a drawn trace', () => {
  it.each([80, 120, 200])('of a retried purchase at %d columns', (width) => {
    expect(draw(RETRIED_PURCHASE, width).join('\n')).toMatchSnapshot();
  });

  it.each([80, 120])('of attempts at one provider folds them at %d columns', (width) => {
    expect(draw(PERSISTENT_PURCHASE, width).join('\n')).toMatchSnapshot();
  });

  it('shows each attempt when it is asked to', () => {
    const stored = storedEventsOf(PERSISTENT_PURCHASE, START_MS);
    const picture = pictureOf('op-1', stored, { isExpanded: true });
    const canvas = { width: 80, zone: UTC, paint: plainPaint, isEndless: false };
    expect([...renderTrace(picture, canvas)].join('\n')).toMatchSnapshot();
  });

  it('writes many outcomes as how often each came', () => {
    const events = Array.from({ length: 120 }, (_, index): EventAt => ({
      at: 20 * index,
      kind: 'span',
      service: 'payment',
      span_id: `s${index}`,
      operation: 'poll',
      status: index < 119 ? 'failed' : 'ok',
      duration_ms: 10,
    }));
    const row = draw(events, 120).findIndex((line) => line.includes('×120'));
    expect(draw(events, 120).slice(row, row + 2)).toMatchInlineSnapshot(`
      [
        "0.000        payment ↻     poll ×120: failed ×119, ok 2.39s ◆50%                                ━━━━━━━━━━━━━━━━━━━━━━━━",
        "                           took 1.2s in all, waited 1.19s; 120 events",
      ]
    `);
  });

  it('of lines without a span needs no tree', () => {
    const events = [0, 0.25, 1.5, 700].map((at) => ({
      at,
      service: 'nova-api',
      level: 'info',
      module: 'nova.wsgi',
      message: `line at ${at}`,
    }));
    expect(draw(events, 80).join('\n')).toMatchSnapshot();
  });

  it.each([40, 64, 80, 109, 110, 200])('never exceeds %d columns', (width) => {
    const chain = Array.from({ length: 60 }, (_, index): EventAt => ({
      at: index,
      kind: 'span',
      service: `漢字漢字漢字漢字-${index}`,
      span_id: `s${index}`,
      parent_id: `s${index - 1}`,
      duration_ms: 60 - index,
      status: 'failed',
      message: '👩‍👩‍👧 e\u0301 ＷＩＤＥ '.repeat(20),
      file: 'ファイル/'.repeat(20),
      line: 7,
    }));
    for (const line of draw([...chain, ...RETRIED_PURCHASE], width)) {
      expect(widthOf(line)).toBeLessThanOrEqual(width);
    }
  });

  it('shows what a hostile service sends, and lets none of it act', () => {
    const evil = '\u001b[2J\u001b]0;title\u0007\r\n\u202e\u009b1m';
    const events: EventAt[] = [
      {
        at: 0,
        kind: 'span',
        service: evil,
        span_id: evil,
        message: evil,
        status: evil,
        provider: evil,
      },
      { at: 1, service: evil, span_id: evil, level: evil, message: evil, file: evil, module: evil },
      { at: 2, type: evil, service: evil, status: 'failed', metric: evil, unit: evil, value: 1 },
    ];
    const text = draw(events, 120, plainPaint, evil).join('');
    expect(text).toContain('␛[2J');
    expect(text).not.toMatch(/[\p{Cc}\u202e]/u);
  });

  it('differs by nothing but colour on a terminal', () => {
    const colored = draw(RETRIED_PURCHASE, 120, colorPaint).join('\n');
    // Spaces at the end of a line are cut only where no colour is around them.
    // eslint-disable-next-line no-control-regex -- the colours are what is taken away
    const uncolored = colored.replaceAll(/\x1b\[[\d;]*m/gu, '').replaceAll(/ +$/gmu, '');
    expect(uncolored).toBe(draw(RETRIED_PURCHASE, 120).join('\n'));
    expect(colored).toContain('\u001b[');
  });

  it('says at its end what is odd', () => {
    const events: EventAt[] = [
      { at: 0, kind: 'span', service: 'a', span_id: 'x', parent_id: 'gone', duration_ms: 5 },
      { at: 1, kind: 'span', service: 'b', span_id: 'x', duration_ms: 5 },
      { at: 2, kind: 'span', service: 'a', span_id: 'y', parent_id: 'y', duration_ms: 5 },
      { at: -3, service: 'a', span_id: 'x', message: 'early' },
    ];
    expect(draw(events, 120).slice(-4)).toEqual([
      '⚠ 1 event with a parent that is not in the trace; shown at the root',
      '⚠ 1 event whose parents form a circle; cut there and shown at the root',
      '⚠ 1 event with a span_id that another span has already',
      '⚠ 1 event earlier than the span they belong to: the clocks of the hosts differ',
    ]);
  });
});

describe('a trace as a list', () => {
  function list(events: readonly EventAt[], width: number, isEndless: boolean): string[] {
    const picture = pictureOf('op-1', storedEventsOf(events, START_MS), { isExpanded: true });
    return [...renderFlat(picture, { width, zone: UTC, paint: plainPaint, isEndless })];
  }

  it.each([80, 120])('has every event in time order, one a line of %d columns', (width) => {
    const lines = list(RETRIED_PURCHASE, width, false);
    expect(lines.join('\n')).toMatchSnapshot();
    for (const line of lines) expect(widthOf(line)).toBeLessThanOrEqual(width);
  });

  it('keeps the whole text where no terminal will wrap it', () => {
    const [message, ...stack] = 'charge failed\n  at one\n  at two'.split('\n');
    const long = `${message ?? ''} ${'x'.repeat(500)}\n${stack.join('\n')}`;
    const lines = list([{ at: 0, service: 'a', level: 'error', message: long }], 80, true);
    expect(lines.at(-1)).toMatch(/ charge failed x{500} ↵ at one ↵ at two$/);
  });
});
