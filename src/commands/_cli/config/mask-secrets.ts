import { access, constants } from 'node:fs/promises';
import { pathBeside } from './secret.js';

/** Never the length of the secret. */
const MASK = '••••••••';

/** A copy fit to be shown: each password is a mask with where it comes from, and whether it is there. */
export async function maskSecrets(value: unknown, settingsPath: string): Promise<unknown> {
  if (Array.isArray(value)) {
    return Promise.all(value.map((entry: unknown) => maskSecrets(entry, settingsPath)));
  }
  if (typeof value !== 'object' || value === null) return value;
  const entries = await Promise.all(
    Object.entries(value).map(async ([key, entry]: [string, unknown]) => {
      if (key === 'passwordEnv') return ['password', maskedEnv(String(entry))];
      if (key === 'passwordFile') {
        return ['password', await maskedFile(String(entry), settingsPath)];
      }
      return [key, await maskSecrets(entry, settingsPath)];
    }),
  );
  return Object.fromEntries(entries) as unknown;
}

function maskedEnv(name: string): string {
  const isSet = (process.env[name] ?? '') !== '';
  return `${MASK} (from the environment variable ${name}, which is ${isSet ? 'set' : 'NOT SET'})`;
}

async function maskedFile(name: string, settingsPath: string): Promise<string> {
  const path = pathBeside(name, settingsPath);
  const isThere = await access(path, constants.R_OK).then(
    () => true,
    () => false,
  );
  return `${MASK} (from the file ${path}, which ${isThere ? 'is there' : 'CANNOT BE READ'})`;
}
