import { createHash } from 'node:crypto';
import { mkdir, readFile, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { writeFileAtomically } from '../../../engine/deploy/atomic-file.js';
import { cachePath } from '../atbd-home.js';
import type { ProjectConfig, UserConfig } from './config-schema.js';

/** Files of settings that are kept in mind. */
const ENTRIES_MAX = 8;

const KINDS = { user: 'userConfigSchema', project: 'projectConfigSchema' } as const;

interface Settings {
  readonly user: UserConfig;
  readonly project: ProjectConfig;
}

/**
 * What a file of settings says; rejects with CONFIG_INVALID and the place of each mistake. A text that was found right is
 * remembered by its hash, because reading YAML and checking it takes longer to load than a question to be answered. No secret is
 * in it: settings only name where secrets are.
 */
export async function checkedSettings<Kind extends keyof Settings>(
  kind: Kind,
  path: string,
  text: string,
): Promise<Settings[Kind]> {
  const cacheFile = cachePath('settings.json');
  const [cache, key] = await Promise.all([readCache(cacheFile), keyOf(kind, text)]);
  const known = cache[key];
  if (known !== undefined) return known as Settings[Kind];
  const [{ parseYaml }, schemas] = await Promise.all([
    import('./yaml-file.js'),
    import('./config-schema.js'),
  ]);
  const value = parseYaml<unknown>(path, text, schemas[KINDS[kind]]) as Settings[Kind];
  await remember(cacheFile, { ...cache, [key]: value });
  return value;
}

/** Of the text and of the rules that it was checked by: they come with the program and change with it. */
async function keyOf(kind: string, text: string): Promise<string> {
  const rules = fileURLToPath(new URL('./config-schema.js', import.meta.url));
  const { mtimeMs = 0, size = 0 } = (await stat(rules).catch(() => undefined)) ?? {};
  return createHash('sha256')
    .update(JSON.stringify([kind, rules, mtimeMs, size, text]))
    .digest('hex');
}

type Cache = Readonly<Record<string, unknown>>;

async function readCache(path: string): Promise<Cache> {
  try {
    const value: unknown = JSON.parse(await readFile(path, 'utf8'));
    return typeof value === 'object' && value !== null ? (value as Cache) : {};
  } catch {
    // Not there, or cut short: it is made anew.
    return {};
  }
}

/** Best effort: without it the next command takes a little longer. */
async function remember(path: string, cache: Cache): Promise<void> {
  const entries = Object.entries(cache).slice(-ENTRIES_MAX);
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    await writeFileAtomically(path, `${JSON.stringify(Object.fromEntries(entries))}\n`);
  } catch {
    // A home that cannot be written to is no reason to fail.
  }
}
