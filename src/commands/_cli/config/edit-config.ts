import { mkdir, realpath } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Document, isMap, parse, parseDocument } from 'yaml';
import { AtbdError } from '../../../engine/model/error.js';
import { writeFileAtomically } from '../../../engine/deploy/atomic-file.js';
import { userConfigPath } from '../atbd-home.js';
import { userConfigSchema } from './config-schema.js';
import { readTextFile } from './text-file.js';
import { parseYaml } from './yaml-file.js';

/** Where the user's file says the name of the context in use. */
export const CURRENT_PATH = ['current'];

/** Settings that hold a list: `a,b` is two entries. */
const LISTS = new Set(['queue.brokers', 'store.shards']);

/**
 * Changes the user's context file and nothing else in it: comments and order stay. What would not
 * be valid is refused before anything is written.
 */
export async function editUserConfig(edit: (document: Document) => void): Promise<void> {
  const path = userConfigPath();
  const text = (await readTextFile(path)) ?? '';
  // Refuses a file that is already broken, with the place.
  parseYaml(path, text, userConfigSchema);
  const document: Document = parseDocument(text);
  // An empty file has no map yet to set anything in.
  if (!isMap(document.contents)) document.contents = document.createNode({});
  edit(document);
  const edited = document.toString({ lineWidth: 0 });
  parseYaml(path, edited, userConfigSchema);
  await replaceFile(path, edited);
}

/** What `contexts.NAME.<path>` is set to, from text as it is typed: `true` and numbers are YAML's, topics are all of it. */
export function typedValue(path: string, text: string): unknown {
  if (path === 'topics') return yamlValue(path, text);
  if (LISTS.has(path)) return text.split(',').map((entry) => entry.trim());
  return text === 'true' ? true : text === 'false' ? false : text;
}

function yamlValue(path: string, text: string): unknown {
  try {
    return parse(text);
  } catch (cause) {
    throw new AtbdError({
      code: 'USAGE_INVALID',
      message: `cannot read the value of ${path}: it is no YAML`,
      hint: "For example: --set 'topics=[{name: app-logs, format: json}]'",
      cause,
    });
  }
}

/** Replaces a file of the user's, or makes it, readable by the owner only. */
export async function replaceFile(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  // A link to a file in somebody's dotfiles stays a link.
  await writeFileAtomically(await realpath(path).catch(() => path), text);
}
