import { closeSync, fstatSync, openSync, renameSync, writeSync } from 'node:fs';

/** Size at which a log is put aside: days of a calm part, and bounded for one that cries. */
const LOG_BYTES_MAX = 8 * 1024 * 1024;

/**
 * A part's log, bounded in size: the last full file is kept as `.1`, older ones are gone. Writes
 * are in order and reach the operating system before they return, so a log survives SIGKILL.
 */
export class LogFile implements Disposable {
  readonly path: string;
  readonly #bytesMax: number;
  #descriptor: number;
  #bytes: number;

  constructor(path: string, bytesMax: number = LOG_BYTES_MAX) {
    this.path = path;
    this.#bytesMax = bytesMax;
    this.#descriptor = openSync(path, 'a', 0o600);
    this.#bytes = fstatSync(this.#descriptor).size;
  }

  /** A full disk must not stop the part whose log this is: what cannot be written is lost. */
  write(chunk: Buffer | string): void {
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
    try {
      if (this.#bytes > 0 && this.#bytes + bytes.byteLength > this.#bytesMax) this.#rotate();
      this.#bytes += writeSync(this.#descriptor, bytes);
    } catch {
      // As said above.
    }
  }

  [Symbol.dispose](): void {
    closeSync(this.#descriptor);
  }

  #rotate(): void {
    renameSync(this.path, `${this.path}.1`);
    // Opened before the old one is closed, so that a failure leaves a file to write to.
    const next = openSync(this.path, 'a', 0o600);
    closeSync(this.#descriptor);
    this.#descriptor = next;
    this.#bytes = 0;
  }
}
