import { createRequire } from 'node:module';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import './kafka-internals.js';

const require = createRequire(import.meta.url);

it('is written against the internals of exactly this kafkajs', () => {
  const { version } = require('kafkajs/package.json') as { version: string };
  expect(version).toBe('2.2.4');
});

describe('a queue of requests', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  interface Requests {
    readonly pending: object[];
    throttledUntil: number;
    checkPendingRequests(): void;
  }

  function queueOfRequests(): Requests {
    const RequestQueue = require('kafkajs/src/network/requestQueue') as new (
      options: object,
    ) => Requests;
    const logger = { debug: () => undefined };
    return new RequestQueue({
      ...{ maxInFlightRequests: null, requestTimeout: 1_000, enforceRequestTimeout: false },
      ...{ clientId: 'atbd', broker: 'b:1', logger, isConnected: () => true },
    });
  }

  it('sets no timer while nothing waits', () => {
    queueOfRequests().checkPendingRequests();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('sends what waits when the broker allows it again, and sets no timer after that', () => {
    const queue = queueOfRequests();
    const sent: string[] = [];
    queue.throttledUntil = Date.now() + 500;
    queue.pending.push({ send: () => sent.push('sent'), expectResponse: true });
    queue.checkPendingRequests();
    vi.advanceTimersByTime(499);
    expect(sent).toEqual([]);
    vi.advanceTimersByTime(20);
    expect(sent).toEqual(['sent']);
    expect(vi.getTimerCount()).toBe(0);
  });
});
