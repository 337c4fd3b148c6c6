import { AtbdError } from '../../../engine/model/error.js';
import { quoteValue } from '../../../engine/model/visible-text.js';

const NAME = /^[a-zA-Z_]\w{0,63}$/u;

/** They travel in the address of the request, and servers refuse long ones. */
const VALUES_BYTES_MAX = 32 * 1024;

/** Reads `NAME=VALUE`, the value as it stands; rejects with USAGE_INVALID. */
export function readParams(texts: readonly string[]): Record<string, string> {
  const params = new Map<string, string>();
  for (const text of texts) {
    const at = text.indexOf('=');
    const name = text.slice(0, Math.max(0, at));
    if (!NAME.test(name)) {
      throw usage(
        `cannot read --param ${quoteValue(text)}`,
        'Write NAME=VALUE, the name in letters, digits and underscores: -p service=payment',
      );
    }
    if (params.has(name))
      throw usage(`cannot take --param ${name} twice`, 'Leave one of them out.');
    params.set(name, text.slice(at + 1));
  }
  const bytes = [...params.values()].reduce((sum, value) => sum + Buffer.byteLength(value), 0);
  if (bytes > VALUES_BYTES_MAX) {
    throw usage(
      `cannot send values of ${bytes} bytes: at most ${VALUES_BYTES_MAX}`,
      'Write long lists into the statement itself.',
    );
  }
  return Object.fromEntries(params);
}

/** Names that were given and that the text does not ask for: a slip, most likely. */
export function unusedParams(sql: string, params: Readonly<Record<string, string>>): string[] {
  return Object.keys(params).filter((name) => !new RegExp(`\\{\\s*${name}\\s*:`, 'u').test(sql));
}

function usage(message: string, hint: string): AtbdError {
  return new AtbdError({ code: 'USAGE_INVALID', message, hint });
}
