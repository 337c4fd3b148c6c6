import { describe, expect, it } from 'vitest';
import { storedEventsOf, type EventAt } from '../../../../engine/testing/stored-events.js';
import { UTC } from '../../../../engine/time/zone.js';
import { plainPaint } from '../../../_cli/terminal.js';
import { widthOf } from '../../../_cli/text-width.js';
import { chainPictureOf } from './chain-picture.js';
import { orderChain } from './order-chain.js';
import { renderChain, renderFlatChain } from './render-chain.js';

const HOUR_MS = 3_600_000;

/** An attempt to get an order paid: the order's span, the payment's below it, and what came of it. */
function buy(op_id: string, at: number, attempt: number, status: string): EventAt[] {
  const isOk = status === 'ok';
  const facts = { op_id, order_id: 'o-1' };
  return [
    {
      ...facts,
      at,
      kind: 'span',
      service: 'order',
      span_id: `${op_id}-order`,
      operation: 'buy',
      status: isOk ? 'ok' : 'error',
      duration_ms: 300,
    },
    {
      ...facts,
      at: at + 10,
      kind: 'span',
      service: 'payment',
      span_id: `${op_id}-pay`,
      parent_id: `${op_id}-order`,
      operation: 'buy',
      provider: 'acme',
      attempt,
      status,
      duration_ms: 280,
    },
    {
      ...facts,
      at: at + 290,
      kind: 'record',
      type: 'payment.attempt',
      service: 'payment',
      span_id: `${op_id}-order`,
      provider: 'acme',
      attempt,
      status,
    },
  ];
}

const STORY: readonly EventAt[] = [
  { at: 0, op_id: 'op-0', order_id: 'o-1', service: 'shop', level: 'info', message: 'reserved' },
  ...buy('op-1', 4000, 1, 'timeout'),
  // A second click while the first one still waits.
  ...buy('op-2', 4100, 2, 'failed'),
  ...buy('op-3', 4000 + HOUR_MS, 3, 'ok'),
];

function draw(width: number, isFlat = false): string[] {
  const events = storedEventsOf(STORY, Date.UTC(2026, 4, 16, 10));
  const chain = orderChain(events);
  const picture = chainPictureOf('o-1', { chain, events }, { isExpanded: isFlat });
  const canvas = { width, zone: UTC, paint: plainPaint, isEndless: false };
  return [...(isFlat ? renderFlatChain(picture, canvas) : renderChain(picture, canvas))];
}

describe('the story of an order', () => {
  it.each([80, 120])('is told action by action at %d columns', (width) => {
    expect(draw(width).join('\n')).toMatchSnapshot();
  });

  it('is told event by event when it is to be flat', () => {
    expect(draw(120, true).join('\n')).toMatchSnapshot();
  });

  it.each([40, 64, 80, 120, 200])('never exceeds %d columns', (width) => {
    for (const line of [...draw(width), ...draw(width, true)]) {
      expect(widthOf(line)).toBeLessThanOrEqual(width);
    }
  });
});
