import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { AtbdError } from '../../../engine/model/error.js';
import type { AtbdHome } from '../atbd-home.js';
import { queueSpecSchema } from '../config/config-schema.js';

/** Rises when an older atbd could no longer run the stack that a newer one made. */
export const STACK_VERSION = 1;

const port = z.number().int().min(1).max(65_535);

const stackRecordSchema = z.object({
  version: z.literal(STACK_VERSION),
  database: z.string(),
  /** The order is the shard's index and never changes. */
  shards: z.array(z.object({ httpPort: port, tcpPort: port })).min(1),
  queue: queueSpecSchema,
  username: z.string(),
  readerUsername: z.string(),
});

/** What a local stack consists of: made by the first `up`, kept until `down --purge`. */
export type StackRecord = z.infer<typeof stackRecordSchema>;

/** The record, or undefined where no stack was ever made. */
export async function readStackRecord(home: AtbdHome): Promise<StackRecord | undefined> {
  let text: string;
  try {
    text = await readFile(home.record, 'utf8');
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return undefined;
    throw unreadable(home, cause);
  }
  const value = parseJson(text, home);
  const version = z.object({ version: z.number() }).safeParse(value);
  if (version.success && version.data.version > STACK_VERSION)
    throw madeByNewer(home, version.data);
  const record = stackRecordSchema.safeParse(value);
  if (record.success) return record.data;
  throw unreadable(home, record.error);
}

function parseJson(text: string, home: AtbdHome): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw unreadable(home, cause);
  }
}

function madeByNewer(home: AtbdHome, { version }: { readonly version: number }): AtbdError {
  return new AtbdError({
    code: 'CONFIG_INVALID',
    message: `cannot use the stack in ${home.root}: a newer atbd made it (version ${version}, this one knows ${STACK_VERSION})`,
    hint: 'Use that atbd, or another folder: ATBD_HOME=... atbd up --local',
  });
}

function unreadable(home: AtbdHome, cause: unknown): AtbdError {
  return new AtbdError({
    code: 'CONFIG_INVALID',
    message: `cannot read the stack's record ${home.record}`,
    hint: 'Choose another folder with ATBD_HOME, or delete this stack: atbd down --purge --yes',
    cause,
  });
}
