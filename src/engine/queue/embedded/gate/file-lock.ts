import { closeSync, openSync } from 'node:fs';
import { DataType, load, open } from 'ffi-rs';

/** Operations of flock(2), the same on Linux and macOS. */
const SHARED = 1;
const EXCLUSIVE = 2;
const WITHOUT_WAITING = 4;
const UNLOCK = 8;

/** errno of "someone else holds it" (Linux, macOS) and of a call that a signal cut short: try again later. */
const TRY_LATER_CODES: readonly number[] = [11, 35, 4];

const LIBRARY = 'file-lock';

/** The program itself, which libc is a part of. */
open({ library: LIBRARY, path: '' });

/** An advisory lock on a file of its own (flock). The kernel frees it when the process ends, however it ends. */
export class FileLock {
  readonly #path: string;
  #file: number | undefined;

  /** Makes the file if it is missing. Pair with `close`. */
  constructor(path: string) {
    this.#path = path;
    this.#file = openSync(path, 'a', 0o600);
  }

  /** Takes the lock, or says at once that someone else holds it. Not for a lock that is held already. */
  try(kind: 'shared' | 'exclusive'): boolean {
    return this.#flock((kind === 'shared' ? SHARED : EXCLUSIVE) | WITHOUT_WAITING);
  }

  unlock(): void {
    this.#flock(UNLOCK);
  }

  /** Frees the lock too. Later calls fail. */
  close(): void {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
  }

  #flock(operation: number): boolean {
    // Its number may be another file's by now.
    if (this.#file === undefined) throw new Error(`cannot lock ${this.#path}: it is closed`);
    const outcome = load({
      library: LIBRARY,
      funcName: 'flock',
      retType: DataType.I32,
      paramsType: [DataType.I32, DataType.I32],
      paramsValue: [this.#file, operation],
      errno: true,
    }) as unknown as { readonly value: number; readonly errnoCode: number };
    if (outcome.value === 0) return true;
    if (TRY_LATER_CODES.includes(outcome.errnoCode)) return false;
    throw new Error(`cannot lock ${this.#path}: error ${outcome.errnoCode} of flock`);
  }
}
