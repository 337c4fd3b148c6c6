import { describe, expect, it } from 'vitest';
import { createRandom } from '../model/random.js';
import { ManualClock } from '../testing/manual-clock.js';
import { Arrivals } from './arrivals.js';
import { Lane, type LaneOptions } from './lane.js';
import { Measure } from './measure.js';
import { runLanes } from './run-lanes.js';

const DRAIN_MS = 10_000;

interface Scene {
  readonly perSecond?: number;
  readonly durationMs?: number;
  readonly inFlightMax?: number;
  readonly batchMax?: number;
  readonly tickMs?: number;
  /** What the server does with a request that reaches it; the clock is its own. */
  readonly serve: (clock: ManualClock, signal: AbortSignal) => Promise<void>;
}

/** A lane against a server, both on a clock in the hand. */
function setUp({ perSecond = 100, durationMs = 30_000, serve, ...limits }: Scene) {
  const clock = new ManualClock();
  const measure = new Measure();
  const batches: number[] = [];
  const options: LaneOptions = {
    clock,
    arrivals: new Arrivals([{ durationMs, fromPerSecond: perSecond, toPerSecond: perSecond }], {
      startMs: 0,
      random: createRandom(1),
    }),
    inFlightMax: 10,
    batchMax: 1,
    tickMs: 0,
    ...limits,
    createRequest: (arrivalCount) => ({
      kind: 'any',
      answer(signal) {
        batches.push(arrivalCount);
        return serve(clock, signal);
      },
    }),
    measureOf: () => measure,
    toFailure: (error) => ({ code: (error as Error).message, message: 'said so' }),
  };
  const lane = new Lane(options);
  const interrupt = new AbortController();
  const { signal } = interrupt;
  const run = runLanes([lane], { clock, endMs: durationMs, drainMsMax: DRAIN_MS, signal });
  return { clock, lane, measure, batches, interrupt, run };
}

const answerAfter =
  (delayMs: number): Scene['serve'] =>
  (clock, signal) =>
    clock.sleep(delayMs, signal);

describe('Lane', () => {
  it('shows a server that stands still for 5 s in the latency of all that arrived meanwhile', async () => {
    const stallMs = { from: 10_000, to: 15_000 };
    const { clock, lane, measure, run } = setUp({
      serve: (serverClock, signal) => {
        const nowMs = serverClock.nowMs();
        const isStalled = nowMs >= stallMs.from && nowMs < stallMs.to;
        return serverClock.sleep(isStalled ? stallMs.to - nowMs : 1, signal);
      },
    });
    await clock.advanceTo(60_000);
    await run;
    const { count, p50, p90, p99, max } = measure.summarise();
    expect(count).toBe(3_000);
    // A sixth of all arrived in the stall, evenly: the last percent waited for more than 4.7 of its 5 s.
    expect(p50).toBeLessThan(2);
    expect(p90).toBeGreaterThan(1_900);
    expect(p99).toBeGreaterThan(4_600);
    expect(max).toBeGreaterThan(4_900);
    // Ten were in flight; the others could not even be sent, and are said to be late.
    expect(lane.summarise()).toMatchObject({ done: 3_000, failed: 0, unfinished: 0 });
    expect(lane.summarise().late).toBeGreaterThan(450);
    expect(lane.summarise().lateMax).toBeGreaterThan(4_800);
  });

  it('measures an even server as it is', async () => {
    const { clock, lane, measure, run } = setUp({ serve: answerAfter(40) });
    await clock.advanceTo(60_000);
    await run;
    expect(measure.summarise()).toMatchObject({
      count: 3_000,
      errors: 0,
      p50: 40,
      p99: 40,
      max: 40,
    });
    expect(lane.summarise()).toMatchObject({
      planned: 3_000,
      done: 3_000,
      late: 0,
      rateWanted: 100,
    });
    expect(lane.summarise().rate).toBeCloseTo(100, 0);
  });

  it('shows a server that is too slow for the rate by a rate that is not reached', async () => {
    // Ten at a time, 200 ms each: 50 a second.
    const { clock, lane, run } = setUp({ durationMs: 10_000, serve: answerAfter(200) });
    await clock.advanceTo(60_000);
    await run;
    const { planned, done, unfinished, rate, rateWanted, late } = lane.summarise();
    expect({ planned, rateWanted }).toEqual({ planned: 1_000, rateWanted: 100 });
    expect(done + unfinished).toBe(1_000);
    expect(rate).toBeGreaterThan(48);
    expect(rate).toBeLessThan(51);
    expect(late).toBeGreaterThan(900);
  });

  it('never has more requests on their way than it may', async () => {
    let current = 0;
    let largest = 0;
    const { clock, run } = setUp({
      inFlightMax: 7,
      serve: async (serverClock, signal) => {
        current += 1;
        largest = Math.max(largest, current);
        await serverClock.sleep(150, signal).finally(() => (current -= 1));
      },
    });
    await clock.advanceTo(60_000);
    await run;
    expect(largest).toBe(7);
  });

  it('writes off what a dead server never answers, with the time it had waited', async () => {
    const { clock, lane, measure, run } = setUp({
      durationMs: 5_000,
      serve: () => new Promise(() => undefined),
    });
    await clock.advanceTo(5_000 + DRAIN_MS);
    await run;
    expect(lane.summarise()).toMatchObject({ planned: 500, done: 0, unfinished: 500, rate: 0 });
    const { count, unfinished, p50, max } = measure.summarise();
    expect({ count, unfinished }).toEqual({ count: 500, unfinished: 500 });
    expect(p50).toBeGreaterThan(12_000);
    expect(max).toBeGreaterThan(14_900);
  });

  it('counts failures by code, with their time, and goes on', async () => {
    let index = 0;
    const { clock, lane, measure, run } = setUp({
      durationMs: 1_000,
      serve: async (serverClock, signal) => {
        index += 1;
        const mine = index;
        await serverClock.sleep(5, signal);
        if (mine % 4 === 0) throw new Error(mine % 8 === 0 ? 'BUSY' : 'TIMEOUT');
      },
    });
    await clock.advanceTo(20_000);
    await run;
    expect(lane.summarise()).toMatchObject({ planned: 100, done: 75, failed: 25 });
    expect(measure.summarise()).toMatchObject({
      count: 100,
      errors: 25,
      errorsByCode: {
        TIMEOUT: { count: 13, first: 'said so' },
        BUSY: { count: 12, first: 'said so' },
      },
      p50: 5,
    });
  });

  it('carries many arrivals in a request, and measures each from its own moment', async () => {
    const { clock, lane, measure, batches, run } = setUp({
      perSecond: 10_000,
      durationMs: 1_000,
      batchMax: 200,
      tickMs: 10,
      serve: answerAfter(3),
    });
    await clock.advanceTo(20_000);
    await run;
    expect(batches.reduce((sum, count) => sum + count, 0)).toBe(10_000);
    expect(Math.max(...batches)).toBeLessThanOrEqual(200);
    expect(batches.length).toBeLessThan(110);
    expect(lane.summarise()).toMatchObject({ done: 10_000, late: 0 });
    const { p50, max } = measure.summarise();
    expect(p50).toBeGreaterThan(7);
    expect(p50).toBeLessThan(9);
    expect(max).toBeLessThanOrEqual(13.1);
  });

  it('ends at Ctrl-C at once and says what was measured until then', async () => {
    const { clock, lane, measure, interrupt, run } = setUp({ serve: answerAfter(100) });
    await clock.advanceTo(10_000);
    interrupt.abort();
    await run;
    const { planned, done, unfinished, rateWanted } = lane.summarise();
    expect(planned).toBe(1_000);
    expect(done + unfinished).toBe(1_000);
    expect(unfinished).toBeLessThan(12);
    expect(rateWanted).toBe(100);
    expect(measure.summarise().count).toBe(1_000);
  });

  it('does not begin when Ctrl-C came first', async () => {
    const clock = new ManualClock();
    const batches: number[] = [];
    const lane = new Lane({
      clock,
      arrivals: new Arrivals([{ durationMs: 1_000, fromPerSecond: 10, toPerSecond: 10 }], {
        startMs: 0,
        random: createRandom(1),
      }),
      ...{ inFlightMax: 1, batchMax: 1, tickMs: 0 },
      createRequest: (count) => ({
        kind: 'any',
        answer: () => {
          batches.push(count);
          return Promise.resolve();
        },
      }),
      measureOf: () => new Measure(),
      toFailure: () => ({ code: 'ANY', message: '' }),
    });
    await runLanes([lane], { clock, endMs: 1_000, drainMsMax: 0, signal: AbortSignal.abort() });
    expect(batches).toEqual([]);
  });
});
