import { open, type FileHandle } from 'node:fs/promises';
import { AtbdError } from '../model/error.js';

/** Where lines go. `write` resolves when they are handed over, so a slow reader slows the tail down. */
export interface TailSink extends AsyncDisposable {
  write(lines: Buffer): Promise<void>;
  /** Length after the last write; null when the sink is no file. */
  readonly bytes: number | null;
  /** Resolves when what was written is on disk. */
  sync(): Promise<void>;
}

/** Lines appended to a file whose length is recorded together with the position. */
export class OutputFile implements TailSink {
  readonly #file: FileHandle;
  #bytes: number;

  private constructor(file: FileHandle, bytes: number) {
    this.#file = file;
    this.#bytes = bytes;
  }

  /**
   * Opens the file to go on at `bytes`: what lies behind was written after the last recorded position
   * and will be written again. Without `bytes` (nothing recorded) it appends.
   */
  static async open(path: string, bytes: number | null): Promise<OutputFile> {
    let file: FileHandle;
    try {
      // Not 'a': appending would ignore the place to go on at.
      file = await open(path, bytes === null ? 'a' : 'r+', 0o600);
    } catch (cause) {
      throw cannotOpen(path, cause);
    }
    const { size } = await file.stat();
    if (bytes === null) return new OutputFile(file, size);
    if (size < bytes) {
      await file.close();
      throw shorterThanRecorded(path, { size, bytes });
    }
    await file.truncate(bytes);
    return new OutputFile(file, bytes);
  }

  get bytes(): number {
    return this.#bytes;
  }

  async write(lines: Buffer): Promise<void> {
    let done = 0;
    while (done < lines.byteLength) {
      const at = this.#bytes + done;
      const { bytesWritten } = await this.#file.write(lines, done, lines.byteLength - done, at);
      done += bytesWritten;
    }
    this.#bytes += done;
  }

  async sync(): Promise<void> {
    await this.#file.datasync();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file.close();
  }
}

function cannotOpen(path: string, cause: unknown): AtbdError {
  return new AtbdError({
    code: 'INPUT_UNREADABLE',
    message: `cannot open the output file ${path}`,
    hint: 'Check the directory and its permissions; if the file was moved away, choose another name for --resume.',
    cause,
  });
}

function shorterThanRecorded(
  path: string,
  { size, bytes }: { readonly size: number; readonly bytes: number },
): AtbdError {
  return new AtbdError({
    code: 'INPUT_UNREADABLE',
    message: `cannot go on in ${path}: it has ${size} bytes, and ${bytes} were written`,
    hint: 'The file was cut or replaced since. Put it back, or choose another name for --resume.',
  });
}
