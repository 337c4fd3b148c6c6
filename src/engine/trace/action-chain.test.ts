import { describe, expect, it } from 'vitest';
import type { Event } from '../model/event.js';
import { storedEventsOf, type EventAt } from '../testing/stored-events.js';
import { chainActions } from './action-chain.js';

const isAttempt = ({ type }: Event): boolean => type === 'payment.attempt';

function span(op_id: string, at: number, ms: number, more: Partial<EventAt> = {}): EventAt {
  return { at, op_id, kind: 'span', span_id: `${op_id}-${at}`, duration_ms: ms, ...more };
}

describe('a chain of actions', () => {
  it('has the actions in time order, with the time since all before had ended', () => {
    const { actions } = chainActions(
      storedEventsOf([
        span('later', 5000, 10),
        span('first', 0, 100),
        span('beside', 50, 20),
        { at: 60, op_id: 'beside', message: 'a line of it' },
        span('after', 300, 10),
      ]),
      isAttempt,
    );
    const told = actions.map(({ summary, events, gapNs }) => [
      summary.opId,
      events.length,
      gapNs === undefined ? undefined : Number(gapNs) / 1e6,
    ]);
    expect(told).toEqual([
      ['first', 1, undefined],
      ['beside', 2, -50],
      ['after', 1, 200],
      ['later', 1, 4690],
    ]);
  });

  it('has the attempts of all actions in time order, and one that was told twice once', () => {
    const attempt = (op_id: string, at: number, number: number, status: string): EventAt => ({
      at,
      op_id,
      kind: 'record',
      type: 'payment.attempt',
      provider: 'acme',
      attempt: number,
      status,
    });
    const { attempts } = chainActions(
      storedEventsOf([
        attempt('b', 90, 3, 'ok'),
        attempt('a', 10, 1, 'failed'),
        attempt('a', 20, 2, 'timeout'),
        attempt('a', 20, 2, 'timeout'),
        span('a', 0, 30, { attempt: 1, status: 'failed' }),
      ]),
      isAttempt,
    );
    expect(attempts.map(({ opId, attempt: number, status }) => [opId, number, status])).toEqual([
      ['a', 1, 'failed'],
      ['a', 2, 'timeout'],
      ['b', 3, 'ok'],
    ]);
  });

  it('knows what each action was, how it ended and where it went', () => {
    const { actions } = chainActions(
      storedEventsOf([
        { at: 0, op_id: 'a', service: 'z', level: 'error', message: 'before any span' },
        span('a', 1, 100, { service: 'y', operation: 'buy', status: 'ok', order_id: 'o-1' }),
        span('a', 2, 5, { service: 'x', parent_id: 'a-1', operation: 'charge', status: 'failed' }),
        { at: 200, op_id: 'a', service: 'y', status: 'paid', type: 'order.paid' },
      ]),
      isAttempt,
    );
    expect(actions[0]?.summary).toEqual({
      opId: 'a',
      startNs: 0n,
      durationNs: 200_000_000n,
      operation: 'buy',
      orderId: 'o-1',
      outcome: 'ok',
      services: ['z', 'y', 'x'],
      eventCount: 4,
      errorCount: 1,
      failureCount: 1,
    });
  });

  it('takes the last status there is where no first span has one', () => {
    const events = [
      { at: 0, op_id: 'a', status: 'pending' },
      { at: 1, op_id: 'a', status: 'paid' },
    ];
    expect(chainActions(storedEventsOf(events), isAttempt).actions[0]?.summary.outcome).toBe(
      'paid',
    );
  });
});
