import { existsSync } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { z } from 'zod';
import { AtbdError } from '../../../engine/model/error.js';
import { nearestName } from '../../../engine/model/nearest-name.js';
import { quoteValue } from '../../../engine/model/visible-text.js';
import { storySchema, type Story } from '../../../engine/scenario/story/story.js';
import { parseYaml } from '../../_cli/config/yaml-file.js';

/** The stories that come with atbd, from `dist/commands/scenario/_scenario/`. */
const SHIPPED = fileURLToPath(new URL('../../../../scenarios', import.meta.url));

const FILE_NAME = 'scenario.yaml';

/** A larger file is somebody's data given by mistake. */
const FILE_BYTES_MAX = 1024 * 1024;

/** A story and where it stands. */
export interface FoundStory {
  readonly name: string;
  readonly path: string;
  readonly story: Story;
}

/** Names of the stories that come with atbd, sorted. */
export async function shippedStories(): Promise<string[]> {
  const entries = await readdir(SHIPPED, { withFileTypes: true });
  const folders = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  const paths = await Promise.all(folders.map((name) => isFile(join(SHIPPED, name, FILE_NAME))));
  return folders.filter((_, index) => paths[index]).toSorted();
}

/** Reads a story by its name, its file or its folder; rejects with STORY_NOT_FOUND or STORY_INVALID. */
export async function findStory(nameOrPath: string): Promise<FoundStory> {
  const path = await pathOf(nameOrPath);
  const story = parseYaml(path, await readStory(path), schemaIn(dirname(path)), {
    code: 'STORY_INVALID',
    what: 'the story',
    hint: 'What may stand in a story: docs/scenarios.md, or scenarios/scenario.schema.json for an editor.',
  });
  return { name: nameOf(path), path, story };
}

/** Besides what the schema says: a script that is not there is a mistake in the file. */
function schemaIn(folder: string): z.ZodType<Story> {
  return storySchema.superRefine(({ load }, context) => {
    if (load.kind !== 'services' || existsSync(join(folder, load.script))) return;
    const message = `is not there: ${join(folder, load.script)}`;
    context.addIssue({ code: 'custom', path: ['load', 'script'], message });
  });
}

async function pathOf(nameOrPath: string): Promise<string> {
  const candidates = [
    nameOrPath,
    join(nameOrPath, FILE_NAME),
    // A name and nothing else: a path must not lead from the shipped stories to somewhere.
    ...(/^[\w-]+$/u.test(nameOrPath) ? [join(SHIPPED, nameOrPath, FILE_NAME)] : []),
  ];
  for (const path of candidates) if (await isFile(path)) return path;
  const names = await shippedStories();
  const near = nearestName(nameOrPath, names);
  throw new AtbdError({
    code: 'STORY_NOT_FOUND',
    message: `cannot find the story ${quoteValue(nameOrPath)}: it is neither a name nor a file`,
    hint: `${near === undefined ? '' : `Did you mean ${near}? `}Stories that come with atbd: ${names.join(', ')}.`,
  });
}

async function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
}

async function readStory(path: string): Promise<string> {
  try {
    const bytes = await readFile(path);
    if (bytes.byteLength <= FILE_BYTES_MAX) return bytes.toString('utf8');
  } catch (cause) {
    throw unreadable(path, 'you may not read it, or it has gone', cause);
  }
  throw unreadable(path, `it is larger than ${FILE_BYTES_MAX} bytes`);
}

function unreadable(path: string, why: string, cause?: unknown): AtbdError {
  return new AtbdError({
    code: 'STORY_INVALID',
    message: `cannot read the story ${quoteValue(path)}: ${why}`,
    hint: 'Give the name of a story (atbd scenario ls) or its file.',
    cause,
  });
}

/** `scenarios/quiet-day/scenario.yaml` is quiet-day, and so is `quiet-day.yaml`. */
function nameOf(path: string): string {
  const file = basename(path);
  return file === FILE_NAME ? basename(dirname(resolve(path))) : file.replace(/\.ya?ml$/u, '');
}
