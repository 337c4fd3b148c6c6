import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { acquireLock, type GenerationLock } from './generation-lock.js';
import { identify, type ProcessIdentity } from './process-identity.js';

let folder: string;
let self: ProcessIdentity;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'atbd-lock-'));
  self = (await identify(process.pid))!;
});

afterEach(() => rm(folder, { recursive: true }));

async function taken(): Promise<GenerationLock> {
  const lock = await acquireLock(folder, self);
  if (lock.kind !== 'acquired') throw new Error(`held by ${lock.by.pid}`);
  return lock;
}

describe('acquireLock', () => {
  it('names the holder until it lets go', async () => {
    const lock = await taken();
    expect(await acquireLock(folder, self)).toEqual({ kind: 'held', by: self });
    await lock[Symbol.asyncDispose]();
    await (await taken())[Symbol.asyncDispose]();
  });

  it('takes over from a dead holder whose number another process has by now', async () => {
    const dead = { pid: process.pid, born: 'in another life' };
    await writeFile(join(folder, '7.lock'), JSON.stringify(dead));
    await taken();
    expect(await readdir(folder)).toEqual(['8.lock']);
  });

  it('is taken by one of many at once, also after a dead holder', async () => {
    await writeFile(join(folder, '7.lock'), JSON.stringify({ pid: 1, born: 'in another life' }));
    const locks = await Promise.all(Array.from({ length: 20 }, () => acquireLock(folder, self)));
    expect(locks.filter(({ kind }) => kind === 'acquired')).toHaveLength(1);
  });
});
