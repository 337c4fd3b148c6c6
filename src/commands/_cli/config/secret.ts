import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { AtbdError } from '../../../engine/model/error.js';

/** Where a password comes from; neither means that there is none. */
export interface SecretSource {
  readonly passwordEnv?: string | undefined;
  readonly passwordFile?: string | undefined;
}

/** Reads a password from where the settings say; relative files are beside the settings file. */
export async function readSecret(source: SecretSource, settingsPath: string): Promise<string> {
  const { passwordEnv, passwordFile } = source;
  if (passwordEnv !== undefined) {
    const value = process.env[passwordEnv];
    if (value !== undefined && value !== '') return value;
    throw new AtbdError({
      code: 'CONFIG_INVALID',
      message: `cannot read the password: the environment variable ${passwordEnv} is not set`,
      hint: `Set ${passwordEnv}, or name a file with passwordFile in ${settingsPath}.`,
    });
  }
  if (passwordFile === undefined) return '';
  return (await readNamedFile(passwordFile, settingsPath)).trimEnd();
}

/** Text of a file that the settings name: `~/` is the home folder, relative is beside the settings file. */
export async function readNamedFile(name: string, settingsPath: string): Promise<string> {
  const path = pathBeside(name, settingsPath);
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new AtbdError({
      code: 'CONFIG_INVALID',
      message: `cannot read ${path}, which ${settingsPath} names`,
      hint: 'Check that the file exists and that you may read it.',
      cause,
    });
  }
}

/** A path in a settings file: `~/` is the home folder, relative is beside the settings file. */
export function pathBeside(name: string, settingsPath: string): string {
  if (name.startsWith('~/')) return join(homedir(), name.slice(2));
  return resolve(dirname(settingsPath), name);
}
