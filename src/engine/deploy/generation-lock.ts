import { link, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomically } from './atomic-file.js';
import { isAlive, type ProcessIdentity } from './process-identity.js';

/** More failed attempts than there can be others at it mean a bug, not a race. */
const ATTEMPTS_MAX = 100;

const RELEASED = 'released';

/** Makes drafts of one process differ. */
let draftCount = 0;

/** A lock that is held until it is disposed of or its process dies, however it dies. */
export interface GenerationLock extends AsyncDisposable {
  readonly kind: 'acquired';
}

export interface HeldLock {
  readonly kind: 'held';
  readonly by: ProcessIdentity;
}

/**
 * Takes the lock of a folder for this process, or says who holds it.
 *
 * Node has no file locks, and a lock file that is deleted and made again can be taken twice. So the
 * lock is a row of numbered files: the highest one counts, holds its owner or "released", and the
 * next number can be linked by one process only. A number that is linked after it was tidied away is
 * not the highest, and is given up.
 */
export async function acquireLock(
  folder: string,
  self: ProcessIdentity,
): Promise<GenerationLock | HeldLock> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
    const highest = await highestGeneration(folder);
    const owner = await readOwner(folder, highest);
    if (owner && (await isAlive(owner))) return { kind: 'held', by: owner };
    const mine = highest + 1;
    if (!(await linkGeneration(folder, mine, self))) continue;
    if ((await highestGeneration(folder)) !== mine) {
      await rm(fileOf(folder, mine), { force: true });
      continue;
    }
    await removeBelow(folder, mine);
    return {
      kind: 'acquired',
      [Symbol.asyncDispose]: () => writeFileAtomically(fileOf(folder, mine), RELEASED),
    };
  }
  throw new Error(`BUG: cannot take the lock ${folder} after ${ATTEMPTS_MAX} attempts`);
}

/** The living process that holds the lock of a folder, if any. */
export async function lockHolder(folder: string): Promise<ProcessIdentity | undefined> {
  try {
    const owner = await readOwner(folder, await highestGeneration(folder));
    return owner && (await isAlive(owner)) ? owner : undefined;
  } catch {
    // No such folder: nothing was ever locked there.
    return undefined;
  }
}

function fileOf(folder: string, generation: number): string {
  return join(folder, `${generation}.lock`);
}

async function generations(folder: string): Promise<number[]> {
  const names = await readdir(folder);
  return names.flatMap((name) => (/^\d+\.lock$/.test(name) ? [Number.parseInt(name, 10)] : []));
}

async function highestGeneration(folder: string): Promise<number> {
  return Math.max(0, ...(await generations(folder)));
}

async function readOwner(folder: string, generation: number): Promise<ProcessIdentity | undefined> {
  try {
    const value: unknown = JSON.parse(await readFile(fileOf(folder, generation), 'utf8'));
    return isIdentity(value) ? value : undefined;
  } catch {
    // Released, or tidied away by the holder of a higher one.
    return undefined;
  }
}

function isIdentity(value: unknown): value is ProcessIdentity {
  if (typeof value !== 'object' || value === null) return false;
  return 'pid' in value && typeof value.pid === 'number' && 'born' in value;
}

/** Makes the file with its content at once; false when another process was quicker. */
async function linkGeneration(
  folder: string,
  generation: number,
  self: ProcessIdentity,
): Promise<boolean> {
  draftCount += 1;
  const draft = join(folder, `draft-${self.pid}-${draftCount}`);
  await writeFile(draft, JSON.stringify(self), { mode: 0o600 });
  try {
    await link(draft, fileOf(folder, generation));
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(draft, { force: true });
  }
}

async function removeBelow(folder: string, generation: number): Promise<void> {
  for (const lower of await generations(folder)) {
    if (lower < generation) await rm(fileOf(folder, lower), { force: true });
  }
}
