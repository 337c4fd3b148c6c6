import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { AtbdError } from '../model/error.js';

/** How far a named tail has come; with an output file also how long the file was at that point. */
export interface TailCursor {
  readonly topic: string;
  readonly identity: string;
  /** The next offset per partition. */
  readonly positions: ReadonlyMap<number, bigint>;
  /** null: the lines went to stdout. */
  readonly output: { readonly path: string; readonly bytes: number } | null;
}

const VERSION = 1;

/** The cursor in a file; null when there is none yet. Rejects with INPUT_UNREADABLE when it is not a cursor. */
export async function readCursor(path: string): Promise<TailCursor | null> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw unreadable(path, cause);
  }
  try {
    return decodeCursor(text);
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

/**
 * Replaces the cursor in one step: after a crash at any moment the file holds the old or the new
 * one, whole.
 */
export async function writeCursor(path: string, cursor: TailCursor): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const fresh = `${path}.new`;
  const file = await open(fresh, 'w', 0o600);
  try {
    await file.writeFile(encodeCursor(cursor));
    await file.datasync();
  } finally {
    await file.close();
  }
  await rename(fresh, path);
}

function encodeCursor({ topic, identity, positions, output }: TailCursor): string {
  const offsets = [...positions].map(([partition, offset]) => [partition, String(offset)]);
  const entries = Object.fromEntries(offsets) as Record<string, string>;
  return `${JSON.stringify({ version: VERSION, topic, identity, positions: entries, output })}\n`;
}

function decodeCursor(text: string): TailCursor {
  const parsed = JSON.parse(text) as Readonly<Record<string, unknown>>;
  const { version, topic, identity, positions, output } = parsed;
  if (version !== VERSION) throw new Error(`its version is ${String(version)}, not ${VERSION}`);
  if (typeof topic !== 'string' || typeof identity !== 'string') throw new Error('it has no topic');
  if (typeof positions !== 'object' || positions === null) throw new Error('it has no positions');
  const entries = Object.entries(positions).map(
    ([partition, offset]) => [Number(partition), BigInt(String(offset))] as const,
  );
  return { topic, identity, positions: new Map(entries), output: decodeOutput(output) };
}

function decodeOutput(output: unknown): TailCursor['output'] {
  if (output === null) return null;
  const { path, bytes } = output as Readonly<Record<string, unknown>>;
  if (typeof path === 'string' && typeof bytes === 'number') return { path, bytes };
  throw new Error('its output is neither null nor a path with a length');
}

function unreadable(path: string, cause: unknown): AtbdError {
  return new AtbdError({
    code: 'INPUT_UNREADABLE',
    message: `cannot read the position kept in ${path}`,
    hint: 'Delete the file to begin anew (lines may then repeat or be left out), or choose another name for --resume.',
    cause,
  });
}
