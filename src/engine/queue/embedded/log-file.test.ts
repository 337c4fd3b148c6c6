import { once } from 'node:events';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { OpenGate } from './gate/open-gate.js';
import { LogFile } from './log-file.js';

let directory: string;
let path: string;
let events: string[];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'atbd-log-'));
  path = join(directory, 'queue');
  await mkdir(path);
  events = [];
});

afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

/** Holds the gate of `path` as another process would, while `use` runs to where it stands at it. */
async function whileOther(
  kind: 'commit' | 'alone',
  use: () => Promise<unknown>,
  sameElsewhere: () => Promise<unknown>,
): Promise<void> {
  const gate = new OpenGate(path);
  const ending = new AbortController();
  const ended = once(ending.signal, 'abort');
  const other = gate[kind](() => ended);
  const used = use().then(() => events.push('used'));
  // The same on another queue, begun later: what does not wait is done by then.
  await sameElsewhere();
  events.push('other ends');
  ending.abort();
  await Promise.all([other, used]);
  gate.dispose();
}

it('opens only when no other process is committing', async () => {
  await whileOther(
    'commit',
    () => LogFile.open(path),
    async () => {
      const elsewhere = await LogFile.open(join(directory, 'elsewhere'));
      await elsewhere.close();
    },
  );
  expect(events).toEqual(['other ends', 'used']);
  await (await LogFile.open(path)).close();
});

it.each(['write', 'close'] as const)('does a %s only when no other opens', async (method) => {
  const file = await LogFile.open(path);
  const elsewhere = await LogFile.open(join(directory, 'elsewhere'));
  const use = (log: LogFile) =>
    log[method](() => log.topics.put('t', { id: 'i', partitionCount: 1 }));
  await whileOther(
    'alone',
    () => use(file),
    () => use(elsewhere),
  );
  expect(events).toEqual(['other ends', 'used']);
  await file.close();
  await elsewhere.close();
});

it('gives one file to all who open the same path, also while it is being opened', async () => {
  const [first, second] = await Promise.all([LogFile.open(path), LogFile.open(path)]);
  expect(second).toBe(first);
  await first.close();
  await second.write(() => undefined);
  await second.close();
  await expect(second.write(() => undefined)).rejects.toThrow('it is closed');
});
