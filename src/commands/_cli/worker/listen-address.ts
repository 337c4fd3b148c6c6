import { AtbdError } from '../../../engine/model/error.js';
import { quoteValue } from '../../../engine/model/visible-text.js';
import type { ListenAddress } from '../../../engine/runtime/probe-server.js';

/** `9464`, `host:9464` or `[::1]:9464`. */
const FORM = /^(?:(?:\[(?<v6>[\da-fA-F:.%]+)\]|(?<host>[^\s:/[\]]+))?:)?(?<port>\d{1,5})$/;

/** Whoever is meant to look in from outside is told so. */
const LOOPBACK = '127.0.0.1';

const PORT_MAX = 65_535;

/** The address of `--metrics-listen`, on the loopback interface when it names none; rejects with USAGE_INVALID. */
export function listenAddress(text: string | undefined): ListenAddress | undefined {
  if (text === undefined) return undefined;
  const groups = FORM.exec(text.trim())?.groups;
  const port = Number(groups?.['port'] ?? Number.NaN);
  if (groups === undefined || port > PORT_MAX) {
    throw new AtbdError({
      code: 'USAGE_INVALID',
      message: `cannot listen on ${quoteValue(text)}: that is no HOST:PORT`,
      hint: 'Examples: --metrics-listen 9464 (of 127.0.0.1), --metrics-listen 0.0.0.0:9464, --metrics-listen 0 (a free port).',
    });
  }
  return { host: groups['v6'] ?? groups['host'] ?? LOOPBACK, port };
}
