import { describe, expect, it } from 'vitest';
import {
  RETRIED_PURCHASE,
  storedEventsOf,
  type EventAt,
} from '../../../engine/testing/stored-events.js';
import { UTC } from '../../../engine/time/zone.js';
import { summarizeTrace } from '../../../engine/trace/trace-summary.js';
import { buildTraceTree } from '../../../engine/trace/trace-tree.js';
import { colorPaint, plainPaint } from '../../_cli/terminal.js';
import { widthOf } from '../../_cli/text-width.js';
import { renderTrace } from './render-trace.js';

const START_MS = Date.parse('2026-05-16T10:00:00.123Z');

function draw(
  events: readonly EventAt[],
  width: number,
  paint = plainPaint,
  id = 'op-1',
): string[] {
  const stored = storedEventsOf(events, START_MS);
  const picture = { id, summary: summarizeTrace(stored), roots: buildTraceTree(stored) };
  return [...renderTrace(picture, { width, zone: UTC, paint })];
}

describe('a drawn trace', () => {
  it.each([80, 120, 200])('of a retried purchase at %d columns', (width) => {
    expect(draw(RETRIED_PURCHASE, width).join('\n')).toMatchSnapshot();
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
