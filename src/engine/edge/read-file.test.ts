import { appendFile, mkdtemp, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Clock } from '../model/clock.js';
import { followFile, NEW_FILE, type SourceBytes, withPauses } from './read-file.js';

/** Gives the event loop a turn instead of waiting. */
const quickClock: Clock = {
  nowMs: () => 0,
  sleep: (_delayMs, signal) =>
    new Promise((resolve, reject) => {
      setImmediate(() => {
        if (signal?.aborted === true) reject(new Error('aborted'));
        else resolve();
      });
    }),
};

let dir: string;
let stop: AbortController;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'atbd-follow-'));
  stop = new AbortController();
});
afterEach(async () => {
  stop.abort();
  await rm(dir, { recursive: true });
});

/** What comes up to the next pause, pauses left out. */
async function untilPause(source: AsyncIterator<SourceBytes, undefined>): Promise<string[]> {
  const seen: string[] = [];
  for (;;) {
    const result: IteratorResult<SourceBytes, undefined> = await source.next();
    if (result.done === true) return seen;
    const { value } = result;
    if (value === undefined) {
      if (seen.length > 0) return seen;
      continue;
    }
    seen.push(String(value));
  }
}

describe('followFile', () => {
  it('goes on through appending, truncating, replacing, and a file that is not there yet', async () => {
    const path = join(dir, 'a.log');
    const source = followFile(path, { clock: quickClock, signal: stop.signal })[
      Symbol.asyncIterator
    ]();
    expect((await source.next()).value).toBeUndefined();

    await writeFile(path, 'one\n');
    expect(await untilPause(source)).toEqual([NEW_FILE, 'one\n']);
    await appendFile(path, 'half');
    expect(await untilPause(source)).toEqual(['half']);
    await truncate(path, 0);
    await appendFile(path, 'two\n');
    expect(await untilPause(source)).toEqual([NEW_FILE, 'two\n']);
    await rename(path, `${path}.1`);
    await writeFile(path, 'three\n');
    expect(await untilPause(source)).toEqual([NEW_FILE, 'three\n']);
    await source.return(undefined);
  });

  it.each([
    ['came', (path: string) => writeFile(path, 'last words\n')],
    [
      'was replaced',
      async (path: string) => {
        await writeFile(`${path}.next`, 'last words\n');
        await rename(`${path}.next`, path);
      },
    ],
  ])('reads a file that %s between the last look and the stop, and ends', async (what, write) => {
    const path = join(dir, 'a.log');
    if (what === 'was replaced') await writeFile(path, 'first\n');
    const source = followFile(path, { clock: quickClock, signal: stop.signal })[
      Symbol.asyncIterator
    ]();
    if (what === 'was replaced') expect(await untilPause(source)).toEqual([NEW_FILE, 'first\n']);
    else expect((await source.next()).value).toBeUndefined();
    await write(path);
    stop.abort();
    expect(await untilPause(source)).toEqual([NEW_FILE, 'last words\n']);
    expect((await source.next()).done).toBe(true);
  });

  it('reads nothing twice when it is stopped', async () => {
    const path = join(dir, 'a.log');
    await writeFile(path, 'one\n');
    const source = followFile(path, { clock: quickClock, signal: stop.signal })[
      Symbol.asyncIterator
    ]();
    expect(await untilPause(source)).toEqual([NEW_FILE, 'one\n']);
    await appendFile(path, 'two\n');
    stop.abort();
    expect(await untilPause(source)).toEqual(['two\n']);
    expect((await source.next()).done).toBe(true);
  });

  it('says of a directory that it cannot be read', async () => {
    const source = followFile(dir, { clock: quickClock, signal: stop.signal })[
      Symbol.asyncIterator
    ]();
    await expect(untilPause(source)).rejects.toMatchObject({ code: 'INPUT_UNREADABLE' });
  });
});

describe('withPauses', () => {
  it('tells of a silence, so that what came before is not held back, and ends with the signal', async () => {
    const stream = new PassThrough();
    const source = withPauses(stream, { clock: quickClock, signal: stop.signal })[
      Symbol.asyncIterator
    ]();
    stream.write('first');
    expect(await untilPause(source)).toEqual(['first']);
    stop.abort();
    expect((await source.next()).done).toBe(true);
    stream.destroy();
  });
});
