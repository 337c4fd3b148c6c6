import { AtbdError } from '../../../engine/model/error.js';

/** A longer row is no row for a table or for JSON; a format of the server's passes it through. */
const LINE_CHARACTERS_MAX = 64 * 1024 ** 2;

/** Takes bytes apart into lines of JSON, each an array. */
export class RowLines {
  readonly #decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  #rest = '';

  push(bytes: Buffer): unknown[][] {
    const lines = (this.#rest + this.#decoder.decode(bytes, { stream: true })).split('\n');
    this.#rest = lines.pop() ?? '';
    if (this.#rest.length > LINE_CHARACTERS_MAX) throw tooLong();
    return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as unknown[]);
  }
}

function tooLong(): AtbdError {
  return new AtbdError({
    code: 'USAGE_INVALID',
    message: `cannot show a row of more than ${LINE_CHARACTERS_MAX} characters`,
    hint: 'Select less of it, or pass it on as it is: --format TSV',
  });
}
