import { readFile } from 'node:fs/promises';
import { AtbdError } from '../../../engine/model/error.js';
import type { AtbdHome } from '../atbd-home.js';
import type { QueueSpec } from '../config/config-schema.js';

/** Rises when an older atbd could no longer run the stack that a newer one made. */
export const STACK_VERSION = 1;

interface ShardPorts {
  readonly httpPort: number;
  readonly tcpPort: number;
}

/** What a local stack consists of: made by the first `up`, kept until `down --purge`. */
export interface StackRecord {
  readonly version: number;
  readonly database: string;
  /** The order is the shard's index and never changes. */
  readonly shards: readonly ShardPorts[];
  readonly queue: QueueSpec;
  readonly username: string;
  readonly readerUsername: string;
}

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
  if (isObject(value) && typeof value['version'] === 'number' && value['version'] > STACK_VERSION)
    throw madeByNewer(home, value['version']);
  const record = await checkRecord(value);
  if (record === undefined) throw unreadable(home, undefined);
  return record;
}

/** By hand, because every question to a local stack starts here and a schema library takes longer to load than all of it. */
async function checkRecord(value: unknown): Promise<StackRecord | undefined> {
  if (!isObject(value) || value['version'] !== STACK_VERSION) return undefined;
  const { database, shards, username, readerUsername } = value;
  const queue = await checkQueue(value['queue']);
  if (queue === undefined || !Array.isArray(shards) || shards.length === 0) return undefined;
  if (!isText(database) || !isText(username) || !isText(readerUsername)) return undefined;
  if (!shards.every(isShardPorts)) return undefined;
  return { version: STACK_VERSION, database, shards, queue, username, readerUsername };
}

async function checkQueue(value: unknown): Promise<QueueSpec | undefined> {
  if (isObject(value) && value['kind'] === 'local') return { kind: 'local' };
  const { queueSpecSchema } = await import('../config/config-schema.js');
  return queueSpecSchema.safeParse(value).data;
}

function isShardPorts(value: unknown): value is ShardPorts {
  return isObject(value) && isPort(value['httpPort']) && isPort(value['tcpPort']);
}

function isPort(value: unknown): boolean {
  return typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= 65_535;
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function parseJson(text: string, home: AtbdHome): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw unreadable(home, cause);
  }
}

function madeByNewer(home: AtbdHome, version: number): AtbdError {
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
