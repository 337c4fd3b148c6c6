import { dirname, join } from 'node:path';
import { Document, isMap, parseDocument } from 'yaml';
import { z } from 'zod';
import { AtbdError } from '../../../engine/model/error.js';
import { nearestName } from '../../../engine/model/nearest-name.js';
import { quoteValue } from '../../../engine/model/visible-text.js';
import { userConfigPath } from '../atbd-home.js';
import { replaceFile } from './edit-config.js';
import { readTextFile } from './text-file.js';
import { parseYaml, type YamlWords } from './yaml-file.js';

/** Arguments of `atbd query logs` under a name. */
export type SavedSearches = Readonly<Record<string, readonly string[]>>;

const NAME = /^[a-zA-Z0-9][a-zA-Z0-9._-]{0,62}$/u;
const NAME_HINT = 'Use letters, digits, dots, dashes and underscores, at most 63.';

/** Half of what a settings file may have: it stays readable. */
const FILE_BYTES_MAX = 512 * 1024;

const schema = z.strictObject({
  searches: z.record(z.string().regex(NAME, NAME_HINT), z.array(z.string())).default({}),
});

const WORDS: YamlWords = {
  code: 'CONFIG_INVALID',
  what: 'the saved searches',
  hint: 'Correct the file: it has a list of arguments for each name.',
};

/** Where they are: beside the user's settings. */
export function savedSearchesPath(): string {
  return join(dirname(userConfigPath()), 'searches.yaml');
}

/** All of them; none where there is no file. */
export async function readSavedSearches(): Promise<SavedSearches> {
  return (await readFile()).searches;
}

/** The arguments of one; rejects with SEARCH_NOT_FOUND and the name that was likely meant. */
export async function savedSearch(name: string): Promise<readonly string[]> {
  const { searches } = await readFile();
  const found = Object.hasOwn(searches, name) ? searches[name] : undefined;
  if (found !== undefined) return found;
  throw notFound(name, Object.keys(searches));
}

/** Keeps a search under a name; says whether the name had another one before. Rejects with USAGE_INVALID for what is no name. */
export async function saveSearch(
  name: string,
  argv: readonly string[],
): Promise<{ readonly replaced: boolean }> {
  if (!NAME.test(name)) throw unsavable(name, '', NAME_HINT);
  const { text, searches } = await readFile();
  const document = documentOf(text);
  document.setIn(['searches', name], document.createNode(argv, { flow: true }));
  const edited = document.toString({ lineWidth: 0 });
  if (Buffer.byteLength(edited) > FILE_BYTES_MAX) {
    throw unsavable(
      name,
      `: ${savedSearchesPath()} would be larger than ${FILE_BYTES_MAX} bytes`,
      'Remove some: atbd query saved rm NAME',
    );
  }
  await replaceFile(savedSearchesPath(), edited);
  return { replaced: Object.hasOwn(searches, name) };
}

/** Forgets a search; rejects with SEARCH_NOT_FOUND. */
export async function removeSearch(name: string): Promise<void> {
  const { text, searches } = await readFile();
  if (!Object.hasOwn(searches, name)) throw notFound(name, Object.keys(searches));
  const document = documentOf(text);
  document.deleteIn(['searches', name]);
  await replaceFile(savedSearchesPath(), document.toString({ lineWidth: 0 }));
}

async function readFile(): Promise<{ readonly text: string; readonly searches: SavedSearches }> {
  const path = savedSearchesPath();
  const text = (await readTextFile(path)) ?? '';
  return { text, searches: parseYaml(path, text, schema, WORDS).searches };
}

/** What is in the file besides, such as comments, stays. */
function documentOf(text: string): Document {
  const document: Document = parseDocument(text);
  if (!isMap(document.contents)) document.contents = document.createNode({});
  if (!isMap(document.get('searches'))) document.set('searches', document.createNode({}));
  return document;
}

function notFound(name: string, names: readonly string[]): AtbdError {
  const near = nearestName(name, names);
  const hint =
    names.length === 0
      ? 'None is saved yet: atbd query logs … --save NAME'
      : `${near === undefined ? '' : `Did you mean @${near}? `}See all: atbd query saved ls`;
  return new AtbdError({
    code: 'SEARCH_NOT_FOUND',
    message: `cannot find the saved search ${quoteValue(name)}`,
    hint: `${hint} (to search for a word that begins with @, put -- before it)`,
  });
}

function unsavable(name: string, why: string, hint: string): AtbdError {
  return new AtbdError({
    code: 'USAGE_INVALID',
    message: `cannot save a search as ${quoteValue(name)}${why}`,
    hint,
  });
}
