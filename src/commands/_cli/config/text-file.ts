import { readFile } from 'node:fs/promises';
import { AtbdError } from '../../../engine/model/error.js';

/** A settings file larger than this is somebody's data file given by mistake. */
const FILE_BYTES_MAX = 1024 * 1024;

/** The file's text, or undefined when there is no such file. */
export async function readTextFile(path: string): Promise<string | undefined> {
  try {
    const bytes = await readFile(path);
    if (bytes.byteLength <= FILE_BYTES_MAX) return bytes.toString('utf8');
  } catch (cause) {
    if (isMissing(cause)) return undefined;
    throw new AtbdError({
      code: 'CONFIG_INVALID',
      message: `cannot read ${path}`,
      hint: 'Check that it is a file and that you may read it.',
      cause,
    });
  }
  throw new AtbdError({
    code: 'CONFIG_INVALID',
    message: `cannot use ${path} as settings: it is larger than ${FILE_BYTES_MAX} bytes`,
    hint: 'Is it the right file? Settings are some lines of YAML.',
  });
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
