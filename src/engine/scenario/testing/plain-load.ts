import { ACTION_SAMPLE_MAX, type ActionTruth, type StoryTruth } from '../load/story-load.js';
import type { StoryShop } from '../load/shop/story-shop.js';

/** Events of one action. */
const EVENTS_PER_ACTION = 3;

/** What every payment pays: sums that come out uneven show a lost cent. */
const CENTS = 1_234n;

/** How a plain load is made. */
interface PlainLoadOptions {
  readonly seed: number;
  /** Event time, [fromMs, toMs). */
  readonly fromMs: number;
  readonly toMs: number;
  readonly eventsPerSecond: number;
}

/**
 * A steady load of one kind of action (a page view, a log line, a payment that went well) whose truth follows from the number of
 * actions alone. The seed only changes the ids.
 */
export function createPlainLoad(options: PlainLoadOptions): StoryShop {
  const { seed, fromMs, toMs, eventsPerSecond } = options;
  const spacingMs = (1000 * EVENTS_PER_ACTION) / eventsPerSecond;
  const actionCount = Math.ceil((toMs - fromMs) / spacingMs);
  let next = 0;
  return {
    advance(untilMs, send) {
      for (; next < actionCount && fromMs + next * spacingMs < untilMs; next += 1) {
        const atMs = Math.floor(fromMs + next * spacingMs);
        const key = opId(seed, next);
        for (const value of eventsOf(key, next, atMs)) send({ sendMs: atMs, key, value });
      }
      return next < actionCount;
    },
    truth: () => truthOf(seed, actionCount),
  };
}

function opId(seed: number, index: number): string {
  return `plain-${seed}-${index}`;
}

function eventsOf(key: string, index: number, atMs: number): string[] {
  const user = index % 97;
  const base = {
    ts: new Date(atMs).toISOString(),
    op_id: key,
    user_id: `u-${user}`,
    session_id: `s-${user}`,
  };
  const payment = {
    order_id: `o-${index}`,
    provider: 'plainpay',
    attempt: 1,
    status: 'ok',
    amount: toDecimal(CENTS),
    currency: 'EUR',
  };
  return [
    { ...base, kind: 'record', type: 'page.view', service: 'gateway', page: '/' },
    { ...base, kind: 'log', type: 'log', service: 'payment', level: 'info', message: 'charged' },
    { ...base, kind: 'record', type: 'payment.attempt', service: 'payment', ...payment },
  ].map((event) => JSON.stringify(event));
}

function truthOf(seed: number, actionCount: number): StoryTruth {
  const services = new Map([
    ['gateway', 1],
    ['payment', 2],
  ]);
  return {
    sent: {
      total: EVENTS_PER_ACTION * actionCount,
      duplicated: 0,
      late: 0,
      outOfOrder: 0,
      dead: new Map(),
      byType: new Map(['page.view', 'log', 'payment.attempt'].map((type) => [type, actionCount])),
      byService: new Map([...services].map(([name, count]) => [name, count * actionCount])),
      byLevel: new Map([['info', actionCount]]),
      byTypeAndStatus: new Map([['payment.attempt ok', actionCount]]),
    },
    amounts: new Map([['payment.attempt EUR', toDecimal(CENTS * BigInt(actionCount))]]),
    actions: sampleOf(actionCount).map((index): ActionTruth => ({
      opId: opId(seed, index),
      operation: 'buy',
      eventsByService: services,
    })),
    chains: { ok_first: actionCount, recovered: 0, failed: 0, open: 0 },
    guilty: [],
  };
}

/** Indexes, evenly over all. */
function sampleOf(actionCount: number): number[] {
  const length = Math.min(actionCount, ACTION_SAMPLE_MAX);
  return Array.from({ length }, (_, index) => Math.floor((index * actionCount) / length));
}

function toDecimal(cents: bigint): string {
  return `${String(cents / 100n)}.${String(cents % 100n).padStart(2, '0')}`;
}
