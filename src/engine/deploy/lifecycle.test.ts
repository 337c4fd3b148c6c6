import { describe, expect, it } from 'vitest';
import {
  initialState,
  isStopped,
  step,
  wakeAtMs,
  type LifecycleEvent,
  type LifecycleState,
} from './lifecycle.js';
import type { PartSpec } from './part.js';

const BACKOFF = { firstMs: 100, longestMs: 1_000, stableMs: 10_000 };

function part(name: string, stage: number): PartSpec {
  return {
    kind: 'task',
    name,
    stage,
    readyTimeoutMs: 5_000,
    stopTimeoutMs: 2_000,
    backoff: BACKOFF,
    run: () => Promise.resolve(),
  };
}

/** Two shards, then the schema, then a worker. */
const STACK = [part('shard-1', 0), part('shard-2', 0), part('schema', 1), part('worker', 2)];

class Driver {
  nowMs = 0;
  state: LifecycleState = initialState(STACK);

  /** The actions of one event, as `launch shard-1`. */
  send(event: LifecycleEvent): string[] {
    const { state, actions } = step(STACK, this.state, event, this.nowMs);
    this.state = state;
    return actions.map(({ kind, part: name }) => `${kind} ${name}`);
  }

  ready(name: string): string[] {
    return this.send({ kind: 'ready', part: name });
  }

  ended(name: string, failure = 'ended with code 1'): string[] {
    return this.send({ kind: 'ended', part: name, failure });
  }

  done(name: string): string[] {
    return this.send({ kind: 'ended', part: name, failure: undefined });
  }

  /** Moves the clock to the moment the lifecycle asked for. */
  wake(): string[] {
    const at = wakeAtMs(STACK, this.state);
    if (at === undefined) throw new Error('nothing is waited for');
    this.nowMs = at;
    return this.send({ kind: 'tick' });
  }

  phase(name: string): string | undefined {
    return this.state.parts.get(name)?.phase.kind;
  }

  static running(): Driver {
    const driver = new Driver();
    driver.send({ kind: 'tick' });
    driver.ready('shard-1');
    driver.ready('shard-2');
    driver.done('schema');
    driver.ready('worker');
    return driver;
  }
}

describe('the start', () => {
  it('launches a stage when every lower one has been ready', () => {
    const driver = new Driver();
    expect(driver.send({ kind: 'tick' })).toEqual(['launch shard-1', 'launch shard-2']);
    expect(driver.ready('shard-1')).toEqual([]);
    expect(driver.ready('shard-2')).toEqual(['launch schema']);
    expect(driver.done('schema')).toEqual(['launch worker']);
    expect(driver.phase('schema')).toBe('done');
  });

  it('ends a part that is not ready in time and says so as its error', () => {
    const driver = new Driver();
    driver.send({ kind: 'tick' });
    driver.ready('shard-1');
    expect(driver.wake()).toEqual(['kill shard-2']);
    expect(driver.nowMs).toBe(5_000);
    driver.ended('shard-2', 'ended by SIGKILL');
    expect(driver.state.parts.get('shard-2')?.lastError).toBe('not ready within 5 s');
    expect(driver.wake()).toEqual(['launch shard-2']);
  });
});

describe('a part that dies', () => {
  it('is launched again after waits that double up to the longest', () => {
    const driver = Driver.running();
    const waits = Array.from({ length: 6 }, () => {
      driver.ended('worker');
      const since = driver.nowMs;
      expect(driver.wake()).toEqual(['launch worker']);
      return driver.nowMs - since;
    });
    expect(waits).toEqual([100, 200, 400, 800, 1_000, 1_000]);
    expect(driver.state.parts.get('worker')).toMatchObject({ restarts: 6, failuresInRow: 6 });
  });

  it('starts from the first wait again once it was stable', () => {
    const driver = Driver.running();
    driver.ended('worker');
    driver.wake();
    driver.ready('worker');
    driver.nowMs += BACKOFF.stableMs - 1;
    driver.ended('worker');
    expect(driver.state.parts.get('worker')?.failuresInRow).toBe(2);
    driver.wake();
    driver.ready('worker');
    driver.nowMs += BACKOFF.stableMs;
    driver.ended('worker');
    expect(driver.state.parts.get('worker')?.failuresInRow).toBe(1);
  });

  it('disturbs no other part', () => {
    const driver = Driver.running();
    expect(driver.ended('shard-1')).toEqual([]);
    expect(driver.wake()).toEqual(['launch shard-1']);
    expect(driver.phase('worker')).toBe('ready');
    expect(driver.phase('shard-2')).toBe('ready');
  });
});

describe('the stop', () => {
  it('goes from the last stage to the first', () => {
    const driver = Driver.running();
    expect(driver.send({ kind: 'stop' })).toEqual(['terminate worker']);
    expect(driver.ended('worker')).toEqual(['terminate shard-1', 'terminate shard-2']);
    expect(driver.ended('shard-1')).toEqual([]);
    expect(isStopped(driver.state)).toBe(false);
    driver.ended('shard-2');
    expect(isStopped(driver.state)).toBe(true);
  });

  it('is bounded: a part that does not end is killed', () => {
    const driver = Driver.running();
    driver.send({ kind: 'stop' });
    expect(driver.wake()).toEqual(['kill worker']);
    expect(driver.nowMs).toBe(2_000);
    expect(wakeAtMs(STACK, driver.state)).toBeUndefined();
  });

  it('launches nothing any more, and does not wait for parts that rest', () => {
    const driver = Driver.running();
    driver.ended('worker');
    expect(driver.send({ kind: 'stop' })).toEqual(['terminate shard-1', 'terminate shard-2']);
    driver.nowMs += 60_000;
    expect(driver.ended('shard-1')).toEqual(['kill shard-2']);
    driver.ended('shard-2');
    expect(isStopped(driver.state)).toBe(true);
  });

  it('before the start has nothing to end', () => {
    const driver = new Driver();
    expect(driver.send({ kind: 'stop' })).toEqual([]);
    expect(isStopped(driver.state)).toBe(true);
  });
});
