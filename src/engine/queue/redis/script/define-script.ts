import { createHash } from 'node:crypto';

/** A script in Lua; the server runs it whole, with nothing in between. */
export interface RedisScript {
  readonly text: string;
  readonly digest: string;
}

export function defineScript(text: string): RedisScript {
  return { text, digest: createHash('sha1').update(text).digest('hex') };
}
