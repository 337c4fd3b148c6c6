import type { TailSink } from '../../../engine/tail/output-file.js';

/** Lines to stdout; a reader that is slow holds the tail back instead of filling memory. */
export class StdoutSink implements TailSink {
  readonly bytes = null;

  write(lines: Buffer): Promise<void> {
    return new Promise((resolve, reject) => {
      process.stdout.write(lines, (error) => {
        if (error) reject(error);
        else resolve();
      });
    });
  }

  async sync(): Promise<void> {
    // A pipe has what was written to it.
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // Stdout belongs to the process.
  }
}
