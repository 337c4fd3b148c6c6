import { dirname, join } from 'node:path';
import { userConfigPath } from '../atbd-home.js';
import { checkedSettings } from './checked-settings.js';
import type { UserConfig } from './config-schema.js';
import { LOCAL_CONTEXT } from './local-context.js';
import { readTextFile } from './text-file.js';

/** A project's choice of context, looked for in the working folder and above it. */
const PROJECT_FILE = '.atbd.yaml';

/** The user's contexts; none where there is no file. */
export async function readUserConfig(): Promise<UserConfig> {
  const path = userConfigPath();
  const text = await readTextFile(path);
  if (text === undefined) return { contexts: {} };
  return checkedSettings('user', path, text);
}

/** A context's name and who chose it, in words for a message. */
export interface ChosenContext {
  readonly name: string;
  readonly from: string;
}

/** Flags and environment before the project's file, that before the user's file, then `local`. */
export async function chosenContext(name?: string): Promise<ChosenContext> {
  const env = process.env['ATBD_CONTEXT'];
  if (name !== undefined) {
    return { name, from: name === env ? 'from ATBD_CONTEXT' : 'from --context' };
  }
  if (env !== undefined && env !== '') return { name: env, from: 'from ATBD_CONTEXT' };
  const project = await projectContext(process.cwd());
  if (project) return project;
  const { current } = await readUserConfig();
  if (current !== undefined) return { name: current, from: `current in ${userConfigPath()}` };
  return { name: LOCAL_CONTEXT, from: 'built in' };
}

async function projectContext(folder: string): Promise<ChosenContext | undefined> {
  const path = join(folder, PROJECT_FILE);
  const text = await readTextFile(path);
  if (text !== undefined) {
    const { current } = await checkedSettings('project', path, text);
    return { name: current, from: `current in ${path}` };
  }
  const parent = dirname(folder);
  return parent === folder ? undefined : projectContext(parent);
}
