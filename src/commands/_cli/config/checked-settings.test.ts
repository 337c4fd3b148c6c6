import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { checkedSettings } from './checked-settings.js';

const TEXT = 'current: lab\ncontexts: { lab: { queue: { kind: embedded, path: q } } }\n';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'atbd-settings-'));
  vi.stubEnv('XDG_CACHE_HOME', folder);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});

const cacheFile = (): string => join(folder, 'atbd', 'settings.json');

it('are said the same when they are remembered', async () => {
  const first = await checkedSettings('user', 'config.yaml', TEXT);
  expect(first.contexts['lab']?.queue).toEqual({ kind: 'embedded', path: 'q' });
  expect(await checkedSettings('user', 'config.yaml', TEXT)).toEqual(first);
});

it('are taken from what is remembered of the very same text, and of no other', async () => {
  await checkedSettings('user', 'config.yaml', TEXT);
  const remembered = await readFile(cacheFile(), 'utf8');
  await writeFile(cacheFile(), remembered.replace('"path":"q"', '"path":"remembered"'));
  const again = await checkedSettings('user', 'config.yaml', TEXT);
  expect(again.contexts['lab']?.queue).toMatchObject({ path: 'remembered' });
  const other = await checkedSettings('user', 'config.yaml', `${TEXT}# changed\n`);
  expect(other.contexts['lab']?.queue).toMatchObject({ path: 'q' });
});

it.each(['', '{"cut', 'null', '[]'])('are read anew where the memory says %j', async (text) => {
  await checkedSettings('user', 'config.yaml', TEXT);
  await writeFile(cacheFile(), text);
  expect((await checkedSettings('user', 'config.yaml', TEXT)).current).toBe('lab');
});

it('are refused each time when they are wrong', async () => {
  for (let time = 0; time < 2; time += 1) {
    await expect(checkedSettings('user', 'config.yaml', 'colour: red\n')).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
    });
  }
});

it('are checked where nothing can be remembered', async () => {
  vi.stubEnv('XDG_CACHE_HOME', '/dev/null');
  expect((await checkedSettings('project', '.atbd.yaml', 'current: lab\n')).current).toBe('lab');
});
