import { readFile, writeFile } from 'node:fs/promises';
import { AtbdError } from '../../../../engine/model/error.js';
import { quoteValue } from '../../../../engine/model/visible-text.js';
import {
  runAnswerSchema,
  type RunAnswer,
} from '../../../../engine/scenario/result/story-result.js';

/** What was saved of `scenario run --json`; rejects with INPUT_UNREADABLE what is none. */
export async function readAnswer(path: string): Promise<RunAnswer> {
  let value: unknown;
  try {
    value = JSON.parse(await readFile(path, 'utf8'));
  } catch (cause) {
    throw unreadable(path, 'it is not there, or it is no JSON', cause);
  }
  const { data, error } = runAnswerSchema.safeParse(value);
  if (data) return data;
  throw unreadable(path, 'it is not what `scenario run --json` prints', error);
}

/** Where reports are to be written; what is left out is not. */
export interface ReportFiles {
  readonly html: string | undefined;
  readonly junit: string | undefined;
}

/** Writes the reports that were asked for; rejects with INPUT_UNREADABLE where it may not. */
export async function writeReports(answer: RunAnswer, { html, junit }: ReportFiles): Promise<void> {
  if (html !== undefined) {
    const { renderPage } = await import('./html/render-page.js');
    await write(html, await renderPage(answer));
  }
  if (junit !== undefined) {
    const { renderJunit } = await import('./junit.js');
    await write(junit, renderJunit(answer));
  }
}

async function write(path: string, text: string): Promise<void> {
  try {
    await writeFile(path, text);
  } catch (cause) {
    throw new AtbdError({
      code: 'OUTPUT_UNWRITABLE',
      message: `cannot write the report ${quoteValue(path)}`,
      hint: 'Name a file in a folder that is there and that you may write to.',
      cause,
    });
  }
}

function unreadable(path: string, why: string, cause: unknown): AtbdError {
  return new AtbdError({
    code: 'INPUT_UNREADABLE',
    message: `cannot read ${quoteValue(path)}: ${why}`,
    hint: 'Save an answer with: atbd scenario run NAME --json > answer.json',
    cause,
  });
}
