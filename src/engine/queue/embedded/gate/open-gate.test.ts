import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { OpenGate } from './open-gate.js';

let path: string;
const gates: OpenGate[] = [];
let events: string[];

beforeEach(async () => {
  path = await mkdtemp(join(tmpdir(), 'atbd-gate-'));
  events = [];
});

afterEach(async () => {
  for (const gate of gates.splice(0)) gate.dispose();
  await rm(path, { recursive: true, force: true });
});

/** The gate as another process has it: the locks belong to the open file, not to the process. */
function processGate(): OpenGate {
  const gate = new OpenGate(path);
  gates.push(gate);
  return gate;
}

/** Something that goes on until `end` is called; its name is noted then. */
function longWork(name: string) {
  const ending = new AbortController();
  const ended = once(ending.signal, 'abort');
  const end = (): void => {
    events.push(name);
    ending.abort();
  };
  return { work: () => ended, end };
}

/** What waits for nobody has happened after it. */
const turn = (): Promise<unknown> => setImmediate();

function note(name: string): () => Promise<void> {
  return () => {
    events.push(name);
    return Promise.resolve();
  };
}

it('starts commits of several processes at once, in the turn that asks', async () => {
  const first = longWork('first');
  const running = processGate().commit(first.work);
  const second = processGate().commit(note('second'));
  expect(events).toEqual(['second']);
  first.end();
  await Promise.all([running, second]);
});

it.each(['commit', 'alone'] as const)(
  'opens after a commit that is under way, and before a later %s',
  async (later) => {
    const commit = longWork('commit');
    const running = processGate().commit(commit.work);
    const opened = processGate().alone(note('open'));
    const afterwards = processGate()[later](note('later'));
    await turn();
    commit.end();
    await Promise.all([running, opened, afterwards]);
    expect(events).toEqual(['commit', 'open', 'later']);
  },
);

it.each(['commit', 'alone'] as const)('holds back every %s while another opens', async (later) => {
  const open = longWork('open');
  const opener = processGate();
  const opened = opener.alone(open.work);
  const waiting = [processGate()[later](note('other')), opener[later](note('own'))];
  await turn();
  open.end();
  await Promise.all([opened, ...waiting]);
  expect(events[0]).toBe('open');
  expect(events.toSorted()).toEqual(['open', 'other', 'own']);
});

it('closes after commits of its own process, also those that overlap', async () => {
  const gate = processGate();
  const [first, second] = [longWork('first'), longWork('second')];
  const running = [gate.commit(first.work), gate.commit(second.work)];
  const closed = gate.alone(note('close'));
  first.end();
  await running[0];
  const other = processGate().commit(note('other'));
  await turn();
  second.end();
  await Promise.all([...running, closed, other]);
  expect(events).toEqual(['first', 'second', 'close', 'other']);
});

it('is free again after a commit and an open that fail', async () => {
  const failing = (): Promise<never> => Promise.reject(new Error('no room'));
  await expect(processGate().commit(failing)).rejects.toThrow('no room');
  await expect(processGate().alone(failing)).rejects.toThrow('no room');
  await processGate().alone(note('open'));
  await processGate().commit(note('commit'));
  expect(events).toEqual(['open', 'commit']);
});

it('refuses a commit after it was disposed of, as its files may be others by then', async () => {
  const gate = processGate();
  gate.dispose();
  await expect(gate.commit(note('late'))).rejects.toThrow('opening.lock: it is closed');
  expect(events).toEqual([]);
});
