import { createReadStream } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import type { Clock } from '../model/clock.js';
import { AtbdError } from '../model/error.js';

/** How much of a file is read at once. */
const READ_BYTES = 256 * 1024;

/** How often a followed file is looked at. */
const FOLLOW_POLL_MS = 100;

/** The bytes of a file to its end; `.gz` is unpacked. Rejects with INPUT_UNREADABLE. */
export async function* readWholeFile(path: string): AsyncGenerator<Buffer> {
  const stream: Readable = createReadStream(path, { highWaterMark: READ_BYTES });
  const bytes = path.endsWith('.gz') ? unpack(stream) : stream;
  try {
    for await (const chunk of bytes) yield chunk as Buffer;
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

function unpack(stream: Readable): Readable {
  const gunzip = createGunzip();
  // pipe() does not hand an error on.
  stream.on('error', (error) => gunzip.destroy(error));
  return stream.pipe(gunzip);
}

/**
 * Bytes as they come; a pause (undefined): there are none for now, what waits can be sent; and where
 * another file begins, so that the rest of one is not taken for the start of a line of the next.
 */
export type SourceBytes = Buffer | typeof NEW_FILE | undefined;

export const NEW_FILE = 'new-file';

/**
 * A file from its start, and what is appended to it, until the signal is aborted. A file that is
 * missing is waited for; one that was replaced is read to its end, then the new one from its start;
 * one that was cut is read from its start. What was written before the signal is read, also where the
 * file came only then.
 */
export async function* followFile(
  path: string,
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
): AsyncGenerator<SourceBytes, undefined> {
  let isLast = signal.aborted;
  if (isLast) return;
  for (;;) {
    const file = await openWhenThere(path);
    if (file !== undefined) {
      yield NEW_FILE;
      try {
        if ((yield* followHandle(path, file, signal, clock)) === 'stopped') return;
      } finally {
        await file.close();
      }
    }
    if (isLast) return;
    yield undefined;
    await pause(clock, signal);
    // Whoever stopped while nobody looked has written before: one more look.
    isLast = signal.aborted;
  }
}

/** Reads until the path names another file and this one has nothing left, or until the stop. */
async function* followHandle(
  path: string,
  file: FileHandle,
  signal: AbortSignal,
  clock: Clock,
): AsyncGenerator<SourceBytes, 'stopped' | 'replaced'> {
  let position = 0;
  let isReplaced = false;
  for (;;) {
    const { buffer, bytesRead } = await readAt(path, file, position);
    if (bytesRead > 0) {
      position += bytesRead;
      yield buffer.subarray(0, bytesRead);
      continue;
    }
    // At the end. What was written before the stop, or before the file was replaced, has been read.
    if (isReplaced) return 'replaced';
    const { size, ino } = await file.stat();
    if (signal.aborted) return (await inodeOf(path)) === ino ? 'stopped' : 'replaced';
    yield undefined;
    if (size < position) {
      position = 0;
      yield NEW_FILE;
    }
    isReplaced = (await inodeOf(path)) !== ino;
    await pause(clock, signal);
  }
}

async function readAt(
  path: string,
  file: FileHandle,
  position: number,
): Promise<{ readonly buffer: Buffer; readonly bytesRead: number }> {
  try {
    return await file.read(Buffer.allocUnsafe(READ_BYTES), 0, READ_BYTES, position);
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

/**
 * A stream with its pauses: undefined as soon as nothing came for a moment, so that what came before is
 * not held back. Ends with the signal, also when the stream is silent.
 */
export async function* withPauses(
  stream: AsyncIterable<Buffer>,
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
): AsyncGenerator<SourceBytes, undefined> {
  const chunks = stream[Symbol.asyncIterator]();
  let next = chunks.next();
  while (!signal.aborted) {
    const patience = new AbortController();
    const isOver = AbortSignal.any([signal, patience.signal]);
    const paused = clock.sleep(FOLLOW_POLL_MS, isOver).then(
      () => undefined,
      () => undefined,
    );
    const came = await Promise.race([next, paused]);
    patience.abort(new Error('it came'));
    if (came === undefined) {
      yield undefined;
      continue;
    }
    if (came.done === true) return undefined;
    yield came.value;
    next = chunks.next();
  }
}

async function pause(clock: Clock, signal: AbortSignal): Promise<void> {
  // Aborted: the loop sees it.
  await clock.sleep(FOLLOW_POLL_MS, signal).catch(() => undefined);
}

async function inodeOf(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).ino;
  } catch {
    return undefined;
  }
}

async function openWhenThere(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, 'r');
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return undefined;
    throw unreadable(path, cause);
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EACCES: 'you may not read it',
  EISDIR: 'it is a directory',
};

function unreadable(path: string, cause: unknown): AtbdError {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  const why = REASONS[code] ?? (code.startsWith('Z_') ? 'it is not gzip, or cut off' : code);
  return new AtbdError({
    code: 'INPUT_UNREADABLE',
    message: `cannot read ${JSON.stringify(path)}: ${why}`,
    hint: 'Check the path; `-` reads standard input.',
    cause,
  });
}
