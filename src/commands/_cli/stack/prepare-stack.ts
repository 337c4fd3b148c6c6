import { randomBytes } from 'node:crypto';
import { access, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { writeFileAtomically } from '../../../engine/deploy/atomic-file.js';
import { AtbdError } from '../../../engine/model/error.js';
import type { AtbdHome } from '../atbd-home.js';
import type { QueueSpec } from '../config/config-schema.js';
import { readStackRecord, STACK_VERSION, type StackRecord } from './stack-record.js';

/** What `up` was asked for; what is left out stays as the stack has it. */
export interface StackRequest {
  readonly shardCount?: number | undefined;
  readonly queue?: QueueSpec | undefined;
}

const DEFAULT_SHARD_COUNT = 3;

/** Name of the secret that the shards share: with it a distributed query runs everywhere as the user who asked. */
export const CLUSTER_SECRET = 'cluster';

/** 192 bits: nobody guesses it, and it fits a line. */
const PASSWORD_BYTES = 24;

const LOOPBACK = '127.0.0.1';

/**
 * The record of the stack that is about to start: passwords are made once, ports stay as they were
 * unless somebody else has taken one. The caller holds the lock and has made the home.
 */
export async function prepareStack(home: AtbdHome, request: StackRequest): Promise<StackRecord> {
  const earlier = await readStackRecord(home);
  checkRequest(request, earlier);
  const shardCount = earlier?.shards.length ?? request.shardCount ?? DEFAULT_SHARD_COUNT;
  const record: StackRecord = {
    version: STACK_VERSION,
    database: 'atbd',
    username: 'atbd',
    readerUsername: 'atbd_reader',
    ...earlier,
    queue: request.queue ?? earlier?.queue ?? { kind: 'local' },
    shards: await freePorts(earlier?.shards ?? [], shardCount),
  };
  for (const user of [record.username, record.readerUsername, CLUSTER_SECRET]) {
    await makePassword(home, user);
  }
  await writeFileAtomically(home.record, `${JSON.stringify(record, undefined, 2)}\n`);
  return record;
}

/** Refuses what cannot be changed: rows would have to move from shard to shard. */
export function checkRequest({ shardCount }: StackRequest, earlier: StackRecord | undefined): void {
  if (!earlier || shardCount === undefined || shardCount === earlier.shards.length) return;
  throw new AtbdError({
    code: 'CONFIG_INVALID',
    message: `cannot run this stack with ${shardCount} shards: it was made with ${earlier.shards.length}`,
    hint: 'Leave --shards out, or make another stack: ATBD_HOME=... atbd up --local --shards N',
  });
}

async function makePassword(home: AtbdHome, user: string): Promise<void> {
  const path = join(home.secret, user);
  if (
    await access(path).then(
      () => true,
      () => false,
    )
  )
    return;
  await writeFile(path, `${randomBytes(PASSWORD_BYTES).toString('base64url')}\n`, { mode: 0o600 });
}

type ShardPorts = StackRecord['shards'][number];

async function freePorts(wanted: readonly ShardPorts[], count: number): Promise<ShardPorts[]> {
  // All are held at once until the last is chosen, so that no port is chosen twice.
  const servers: Server[] = [];
  const take = async (port: number | undefined): Promise<number> => {
    const server = (port && (await listenOn(port))) || (await listenOn(0));
    if (!server) throw new Error(`cannot listen on ${LOOPBACK}`);
    servers.push(server);
    const address = server.address();
    return typeof address === 'object' && address ? address.port : 0;
  };
  const shards: ShardPorts[] = [];
  for (let index = 0; index < count; index++) {
    const httpPort = await take(wanted[index]?.httpPort);
    shards.push({ httpPort, tcpPort: await take(wanted[index]?.tcpPort) });
  }
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return shards;
}

function listenOn(port: number): Promise<Server | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => {
      resolve(undefined);
    });
    server.listen({ port, host: LOOPBACK, exclusive: true }, () => {
      resolve(server);
    });
  });
}
