import { mkdir, readdir, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { z } from 'zod';
import { writeFileAtomically } from '../../../engine/deploy/atomic-file.js';
import { EVENT_FIELDS, type EventField } from '../../../engine/model/event.js';
import { MATCH_ALL } from '../../../engine/model/filter.js';
import { cachePath } from '../atbd-home.js';
import { readSavedSearches } from '../config/saved-searches.js';
import { readUserConfig } from '../config/user-config.js';
import type { WantedValues } from './wanted-values.js';

/** Nobody waits longer for Tab. */
const PATIENCE_MS = 2_000;

/** What a store was asked for is good for so long. */
const FRESH_MS = 60_000;

const RANGE_MS = 24 * 60 * 60 * 1000;

const VALUES_MAX = 200;

const NS_PER_MS = 1_000_000n;

/** What no shell has to quote: the values are those of anybody who logs. */
const HARMLESS = /^[\w.:/+@-]{1,200}$/u;

export interface ValueSources {
  readonly context: string | undefined;
  readonly nowMs: number;
  readonly signal: AbortSignal;
}

/** Looks values up; none where that fails, because a shell has nowhere to show an error. Harmless in any shell. */
export async function readValues(
  wanted: WantedValues,
  sources: ValueSources,
): Promise<readonly string[]> {
  try {
    const values = await lookUp(wanted, sources);
    return values.filter((value) => HARMLESS.test(value));
  } catch {
    return [];
  }
}

async function lookUp(wanted: WantedValues, sources: ValueSources): Promise<readonly string[]> {
  switch (wanted.kind) {
    case 'contexts':
      return ['local', ...Object.keys((await readUserConfig()).contexts)];
    case 'searches':
      return Object.keys(await readSavedSearches()).map((name) => `@${name}`);
    case 'stories': {
      const { shippedStories } = await import('../../scenario/_scenario/find-story.js');
      return shippedStories();
    }
    case 'fields':
      return Object.keys(EVENT_FIELDS);
    case 'files':
      return filesLike(wanted.prefix);
    case 'field':
      return fieldValues(wanted.field, sources);
  }
}

/** Files whose path begins so; what a folder has where it is the only one, so that the shell does not take it for the end. */
async function filesLike(prefix: string): Promise<string[]> {
  const folder = prefix.slice(0, prefix.lastIndexOf('/') + 1);
  const entries = await readdir(folder === '' ? '.' : folder, { withFileTypes: true });
  const like = entries
    .map((entry) => `${folder}${entry.name}${entry.isDirectory() ? '/' : ''}`)
    .filter((path) => path.startsWith(prefix));
  const [only] = like;
  if (like.length !== 1 || only?.endsWith('/') !== true) return like;
  return [only, ...(await readdir(only)).map((name) => `${only}${name}`)];
}

const cacheSchema = z.record(
  z.string(),
  z.object({ atMs: z.number(), values: z.array(z.string()) }),
);
type Cache = z.output<typeof cacheSchema>;

/** Of the last day, the most frequent first. */
async function fieldValues(
  field: EventField,
  { context, nowMs, signal }: ValueSources,
): Promise<readonly string[]> {
  const path = cachePath('completion.json');
  const cache = await readCache(path);
  const key = `${process.env['ATBD_HOME'] ?? ''} ${context ?? ''} ${field}`;
  const known = cache[key];
  if (known !== undefined && nowMs - known.atMs < FRESH_MS) return known.values;
  const values = await askStore(field, { context, nowMs, signal });
  const fresh = Object.entries(cache).filter(([, { atMs }]) => nowMs - atMs < FRESH_MS);
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await writeFileAtomically(
    path,
    JSON.stringify({ ...Object.fromEntries(fresh), [key]: { atMs: nowMs, values } }),
  );
  return values;
}

async function readCache(path: string): Promise<Cache> {
  try {
    return cacheSchema.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch {
    // Not there, or of another version: it is made anew.
    return {};
  }
}

async function askStore(
  field: EventField,
  { context, nowMs, signal }: ValueSources,
): Promise<string[]> {
  const [{ resolveLiveContext }, { openStore }, { readFieldValues }, { parseField }] =
    await Promise.all([
      import('../context.js'),
      import('../../../store/clickhouse/store.js'),
      import('../../../store/discovery/field-values.js'),
      import('../../../engine/filter/filter.js'),
    ]);
  const { reader } = await resolveLiveContext({ name: context });
  await using store = openStore(reader);
  const range = {
    fromNs: BigInt(Math.floor(nowMs - RANGE_MS)) * NS_PER_MS,
    toNs: BigInt(Math.ceil(nowMs)) * NS_PER_MS,
  };
  const { rows } = await readFieldValues(
    store,
    { field: parseField(field), range, filter: MATCH_ALL, limit: VALUES_MAX },
    { signal: AbortSignal.any([signal, AbortSignal.timeout(PATIENCE_MS)]) },
  );
  return rows.flatMap(({ value }) => (typeof value === 'string' ? [value] : []));
}
