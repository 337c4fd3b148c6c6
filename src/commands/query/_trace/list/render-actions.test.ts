import { describe, expect, it } from 'vitest';
import type { ActionSummary } from '../../../../engine/model/action-summary.js';
import { UTC } from '../../../../engine/time/zone.js';
import { colorPaint, plainPaint } from '../../../_cli/terminal.js';
import { widthOf } from '../../../_cli/text-width.js';
import { renderActions } from './render-actions.js';

const START_NS = BigInt(Date.UTC(2026, 4, 16, 10)) * 1_000_000n;

function action(changes: Partial<ActionSummary> = {}): ActionSummary {
  return {
    opId: '131624529d70dc19183275391507b0be',
    startNs: START_NS,
    durationNs: 21_900_000_000n,
    operation: 'buy',
    orderId: 'o-100726',
    outcome: 'error',
    services: ['gateway', 'identity', 'order', 'reservation', 'payment'],
    eventCount: 27,
    errorCount: 4,
    failureCount: 9,
    ...changes,
  };
}

const ACTIONS = [
  action(),
  action({
    opId: '18e219a0ff7d128a1ee24bd1d62fd289',
    startNs: START_NS - 64_123_000_000n,
    durationNs: 229_000_000n,
    operation: 'reserve',
    outcome: 'ok',
    services: ['order'],
    errorCount: 0,
    failureCount: 0,
  }),
];

function list(actions: readonly ActionSummary[], width: number, paint = plainPaint): string[] {
  return [...renderActions(actions, { width, zone: UTC, paint, isEndless: false })];
}

describe('a list of actions', () => {
  it.each([60, 80, 120, 200])('at %d columns', (width) => {
    expect(list(ACTIONS, width).join('\n')).toMatchSnapshot();
  });

  it.each([40, 64, 80, 120, 200])('never exceeds %d columns, whatever the names', (width) => {
    const wide = action({
      opId: '漢字'.repeat(50),
      operation: 'ＷＩＤＥ'.repeat(20),
      outcome: 'x'.repeat(50),
      services: ['y'.repeat(300)],
      orderId: 'z'.repeat(80),
    });
    for (const line of list([wide, ...ACTIONS], width)) {
      expect(widthOf(line)).toBeLessThanOrEqual(width);
    }
  });

  it('shows control characters and lets none of them act', () => {
    const evil = '\u001b[2J\u202e\u009b1m';
    const hostile = action({
      opId: evil,
      operation: evil,
      outcome: evil,
      orderId: evil,
      services: [evil],
    });
    expect(list([hostile], 200).join('')).not.toMatch(/[\p{Cc}\u202e]/u);
  });

  it('is red where an action failed, yellow where it only stumbled', () => {
    const stumbled = action({ outcome: 'ok', failureCount: 0 });
    const [, failed = '', recovered = ''] = list([action(), stumbled], 200, colorPaint);
    expect(failed).toContain('\u001b[31m\u001b[1merror ✖13');
    expect(recovered).toContain('\u001b[33mok ✖4');
  });
});
