import { join } from 'node:path';
import { lockHolder } from '../../engine/deploy/generation-lock.js';
import { AtbdError } from '../../engine/model/error.js';
import type { TopicSpec } from '../../engine/edge/topic/topic-spec.js';
import type { QueueConnection, StoreConnection } from '../../engine/model/connection.js';
import { atbdHome, userConfigPath, type AtbdHome } from './atbd-home.js';
import type { ContextSpec, QueueSpec } from './config/config-schema.js';
import { LOCAL_CONTEXT } from './config/local-context.js';
import { chosenContext, readUserConfig } from './config/user-config.js';
import { pathBeside, readNamedFile, readSecret } from './config/secret.js';
import { parseSize } from './size-text.js';
import { stackNotUp } from './stack/stack-not-up.js';
import { readStackRecord, type StackRecord } from './stack/stack-record.js';

/** Half of it is some five million short lines, compressed: far more than anybody looks at. */
const LETTER_BYTES_MAX = 1024 ** 3;

/** Where a command finds queue and store. */
export interface ResolvedContext {
  readonly name: string;
  /** Root of ATBD_HOME: the place of positions, cursors and other state of this user. */
  readonly home: string;
  readonly queue: QueueConnection;
  /** As the user that writes and migrates. */
  readonly store: StoreConnection;
  /** As the user that questions are asked as: reads atbd's tables and nothing else. */
  readonly reader: StoreConnection;
  /** The file that says what business numbers count; undefined: the built-in shop's. */
  readonly journeysPath: string | undefined;
  /** What dead letters may take on the disk before it is too much: the setting `deadLetters.limit`. */
  readonly letterBytesMax: number;
  /** Topics that are described, because others fill them. */
  readonly topics: readonly TopicSpec[];
}

/**
 * The context to use: `name` (from --context or ATBD_CONTEXT), else the project file's, else the
 * user file's, else `local`. Secrets are read here, from env or files.
 */
export async function resolveContext(choice: ContextChoice = {}): Promise<ResolvedContext> {
  return connectionsOf(await choose(choice));
}

/**
 * The same for a command that asks the store. Rejects with STACK_NOT_RUNNING where that is a local stack
 * that was stopped: it would only find out that no shard answers.
 */
export async function resolveLiveContext(choice: ContextChoice = {}): Promise<ResolvedContext> {
  const chosen = await choose(choice);
  const context = await connectionsOf(chosen);
  const { home, spec } = chosen;
  if (spec.store.kind === 'local' && !(await lockHolder(home.lock))) throw stackNotUp(home);
  return context;
}

/** What `--context` says; undefined leaves the choice to the environment and the files. */
interface ContextChoice {
  readonly name?: string | undefined;
}

interface ChosenContext {
  readonly name: string;
  readonly spec: ContextSpec;
  readonly home: AtbdHome;
}

async function choose({ name }: ContextChoice): Promise<ChosenContext> {
  const chosen = await chosenContext(name);
  const spec = await contextSpec(chosen.name, chosen.from);
  return { name: chosen.name, spec, home: atbdHome() };
}

async function connectionsOf({ name, spec, home }: ChosenContext): Promise<ResolvedContext> {
  const path = userConfigPath();
  const record = usesStack(spec) ? await existingStack(home) : undefined;
  const [queue, { store, reader }] = await Promise.all([
    queueConnection(spec.queue, path, home, record),
    storeConnections(spec, path, home, record),
  ]);
  const journeysPath = spec.journeys === undefined ? undefined : pathBeside(spec.journeys, path);
  const topics = spec.topics ?? [];
  const letterBytesMax = parseSize(spec.deadLetters?.limit ?? '') ?? LETTER_BYTES_MAX;
  return { name, home: home.root, queue, store, reader, journeysPath, topics, letterBytesMax };
}

/** The context of the stack in this home, whatever ATBD_HOME and the settings say. */
export async function contextOfStack(home: AtbdHome): Promise<ResolvedContext> {
  const record = await existingStack(home);
  const [queue, connections] = await Promise.all([
    queueConnection({ kind: 'local' }, userConfigPath(), home, record),
    localStoreConnections(record, home),
  ]);
  const name = LOCAL_CONTEXT;
  return {
    ...{ name, home: home.root, queue, ...connections, journeysPath: undefined, topics: [] },
    letterBytesMax: LETTER_BYTES_MAX,
  };
}

/** What the user's file says about a context; `local` is built in. */
export async function contextSpec(name: string, from: string): Promise<ContextSpec> {
  if (name === LOCAL_CONTEXT) return { queue: { kind: 'local' }, store: { kind: 'local' } };
  const { contexts } = await readUserConfig();
  const spec = Object.hasOwn(contexts, name) ? contexts[name] : undefined;
  if (spec) return spec;
  const known = [LOCAL_CONTEXT, ...Object.keys(contexts).toSorted()].join(', ');
  throw new AtbdError({
    code: 'CONTEXT_NOT_FOUND',
    message: `cannot find the context ${JSON.stringify(name)} (${from})`,
    hint: `Known contexts: ${known}. Make one with \`atbd context set\`.`,
  });
}

function usesStack(spec: ContextSpec): boolean {
  return spec.queue.kind === 'local' || spec.store.kind === 'local';
}

async function existingStack(home: AtbdHome): Promise<StackRecord> {
  const record = await readStackRecord(home);
  if (record) return record;
  throw new AtbdError({
    code: 'STACK_NOT_RUNNING',
    message: `cannot find a local stack in ${home.root}`,
    hint: 'Start one: atbd up --local (or choose another context: atbd context ls)',
  });
}

/** How to reach a queue that settings name; `local` is the one of the stack that is given. */
export async function queueConnection(
  spec: QueueSpec,
  settingsPath: string,
  home: AtbdHome,
  record: StackRecord | undefined,
): Promise<QueueConnection> {
  switch (spec.kind) {
    case 'local':
      if (!record) throw new Error('BUG: a local queue without a stack');
      // The stack's own queue is never `local` again, so this ends.
      return record.queue.kind === 'local'
        ? { kind: 'embedded', path: join(home.data, 'queue') }
        : queueConnection(record.queue, settingsPath, home, record);
    case 'embedded':
      return { kind: 'embedded', path: pathBeside(spec.path, settingsPath) };
    case 'kafka':
      return kafkaConnection(spec, settingsPath);
    case 'redis':
      return redisConnection(spec, settingsPath);
  }
}

async function kafkaConnection(
  spec: Extract<QueueSpec, { kind: 'kafka' }>,
  settingsPath: string,
): Promise<QueueConnection> {
  const { brokers, clientId, tls, sasl } = spec;
  return {
    kind: 'kafka',
    brokers,
    ...(clientId !== undefined && { clientId }),
    ...(tls && { tls: await tlsOptions(tls, settingsPath) }),
    ...(sasl && {
      sasl: {
        mechanism: sasl.mechanism,
        username: sasl.username,
        password: await readSecret(sasl, settingsPath),
      },
    }),
  };
}

async function redisConnection(
  spec: Extract<QueueSpec, { kind: 'redis' }>,
  settingsPath: string,
): Promise<QueueConnection> {
  const { url, username, tls } = spec;
  const password = await readSecret(spec, settingsPath);
  return {
    kind: 'redis',
    url,
    ...(username !== undefined && { username }),
    ...(password !== '' && { password }),
    ...(tls && { tls: await tlsOptions(tls, settingsPath) }),
  };
}

type TlsSpec = NonNullable<Extract<QueueSpec, { kind: 'kafka' }>['tls']>;

async function tlsOptions(
  { caFile, certFile, keyFile, serverName }: TlsSpec,
  settingsPath: string,
): Promise<NonNullable<Extract<QueueConnection, { kind: 'kafka' }>['tls']>> {
  return {
    ...(caFile !== undefined && { ca: await readNamedFile(caFile, settingsPath) }),
    ...(certFile !== undefined && { cert: await readNamedFile(certFile, settingsPath) }),
    ...(keyFile !== undefined && { key: await readNamedFile(keyFile, settingsPath) }),
    ...(serverName !== undefined && { serverName }),
  };
}

interface StoreConnections {
  readonly store: StoreConnection;
  readonly reader: StoreConnection;
}

async function storeConnections(
  { store: spec }: ContextSpec,
  settingsPath: string,
  home: AtbdHome,
  record: StackRecord | undefined,
): Promise<StoreConnections> {
  if (spec.kind === 'local') {
    if (!record) throw new Error('BUG: a local store without a stack');
    return localStoreConnections(record, home);
  }
  const { database, username } = spec;
  const shards = spec.shards.map((url) => ({ url }));
  const password = await readSecret(spec, settingsPath);
  const store = { shards, database, username, password };
  if (!spec.reader) return { store, reader: store };
  const readerPassword = await readSecret(spec.reader, settingsPath);
  const reader = { ...store, username: spec.reader.username, password: readerPassword };
  return { store, reader };
}

/** The connections to the stack in ATBD_HOME; its passwords are in 0600 files. */
export async function localStoreConnections(
  record: StackRecord,
  home: AtbdHome,
): Promise<StoreConnections> {
  const shards = record.shards.map(({ httpPort }) => ({ url: `http://127.0.0.1:${httpPort}` }));
  const password = (user: string): Promise<string> =>
    readSecret({ passwordFile: join(home.secret, user) }, home.record);
  const { database, username, readerUsername } = record;
  return {
    store: { shards, database, username, password: await password(username) },
    reader: {
      shards,
      database,
      username: readerUsername,
      password: await password(readerUsername),
    },
  };
}
