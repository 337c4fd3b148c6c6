import { access, mkdir, readdir, rm, rmdir, writeFile } from 'node:fs/promises';
import { AtbdError } from '../../../engine/model/error.js';
import type { AtbdHome } from '../atbd-home.js';

/** What a stack owns below its home, and all that a purge deletes. */
function owned(home: AtbdHome): string[] {
  return [home.record, home.lock, home.run, home.log, home.data, home.secret];
}

/** Makes the folders of a stack, for this user only; refuses to take over what somebody else keeps there. */
export async function makeHome(home: AtbdHome): Promise<void> {
  await mkdir(home.root, { recursive: true, mode: 0o700 });
  if (!(await exists(home.marker))) {
    for (const path of owned(home)) {
      if (await exists(path)) throw foreign(home, path, 'cannot start a stack');
    }
    await writeFile(
      home.marker,
      'A local stack of atbd. Delete it with: atbd down --purge --yes\n',
    );
  }
  for (const folder of [home.lock, home.run, home.log, home.data, home.secret]) {
    await mkdir(folder, { recursive: true, mode: 0o700 });
  }
}

/** Deletes the stack's own files; other files in its home, and a home that atbd did not make, stay. */
export async function purgeHome(home: AtbdHome): Promise<void> {
  if (!(await exists(home.marker))) throw foreign(home, home.marker, 'cannot purge');
  // The marker goes last: an interrupted purge can be repeated.
  for (const path of owned(home)) await rm(path, { recursive: true, force: true });
  await rm(home.marker);
  if ((await readdir(home.root)).length === 0) await rmdir(home.root);
}

/** Whether a stack was ever made there. */
export function hasStack(home: AtbdHome): Promise<boolean> {
  return exists(home.marker);
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

function foreign(home: AtbdHome, path: string, what: string): AtbdError {
  return new AtbdError({
    code: 'CONFIG_INVALID',
    message:
      path === home.marker
        ? `${what} ${home.root}: it has no ${path}, so atbd did not make it`
        : `${what} in ${home.root}: ${path} is there already, and atbd did not make it`,
    hint: 'Set ATBD_HOME to another folder.',
  });
}
