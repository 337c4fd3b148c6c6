import { open, type FileHandle } from 'node:fs/promises';
import { AtbdError } from '../../../engine/model/error.js';
import { writeStdout } from '../../_cli/stdout.js';

/** Where the lines go. `write` resolves when there is room for more. */
export interface LogOutput extends AsyncDisposable {
  write(text: string | Buffer): Promise<void>;
}

/** A file, or standard output without a path. Rejects with CONFIRMATION_NEEDED where it would replace a file unasked. */
export async function openLogOutput(
  path: string | undefined,
  { canReplace }: { readonly canReplace: boolean },
): Promise<LogOutput> {
  if (path === undefined) {
    return { write: writeStdout, [Symbol.asyncDispose]: () => Promise.resolve() };
  }
  const file = await openFile(path, canReplace);
  return {
    async write(text) {
      await file.writeFile(text);
    },
    async [Symbol.asyncDispose]() {
      await file.close();
    },
  };
}

async function openFile(path: string, canReplace: boolean): Promise<FileHandle> {
  try {
    return await open(path, canReplace ? 'w' : 'wx', 0o644);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'EEXIST') {
      throw new AtbdError({
        code: 'CONFIRMATION_NEEDED',
        message: `cannot write to ${path}: it exists`,
        hint: 'Choose another name, or replace it with --yes.',
      });
    }
    throw new AtbdError({
      code: 'USAGE_INVALID',
      message: `cannot write to ${path}`,
      hint: 'Check the directory and its permissions.',
      cause,
    });
  }
}
