import { createClient, RESP_TYPES } from '@redis/client';
import type { Clock } from '../../../model/clock.js';
import type { QueueConnection, TlsOptions } from '../../../model/connection.js';
import { AtbdError } from '../../../model/error.js';
import { isLinkLost, refusalOf, toQueueError } from './redis-error.js';
import type { RedisScript } from '../script/define-script.js';

export type RedisConnection = Extract<QueueConnection, { kind: 'redis' }>;

/** What the server answers (RESP 2): texts as bytes. */
export type Reply = number | Buffer | string | null | readonly Reply[];
export type Argument = string | Buffer;

const CONNECT_MS_MAX = 3_000;

/** A server that takes a command and says nothing for so long is away: its machine is frozen, or cut off. */
const ANSWER_MS_MAX = 15_000;

/** Made once: an abort without a reason makes an exception with a stack, for each command. */
const ANSWERED = new Error('answered');

/** Bounded: an operator waits a few seconds for the word that the server is away. */
const ATTEMPT_DELAYS_MS = [100, 300, 1_000];

/**
 * A connection that is made when it is first needed, and made anew after it was lost. Commands go out
 * in the order in which they are asked for.
 */
export class RedisLink {
  readonly #connection: RedisConnection;
  readonly #clock: Clock;
  #client: Promise<Client> | undefined;
  #isClosed = false;

  constructor(connection: RedisConnection, clock: Clock) {
    this.#connection = connection;
    this.#clock = clock;
  }

  /** Attempts again while the server is away, for a few seconds. */
  async tryAgain<T>(attempt: () => Promise<T>): Promise<T> {
    for (const delayMs of ATTEMPT_DELAYS_MS) {
      try {
        return await attempt();
      } catch (error) {
        if (!isPassing(error) || this.#isClosed) throw error;
        await this.#clock.sleep(delayMs);
      }
    }
    return attempt();
  }

  /** One attempt. Who sends what must not be done twice knows best whether to try again. */
  async once(args: readonly Argument[], doing: string): Promise<Reply> {
    return this.#attempt((client) => client.send(args), doing);
  }

  /** For what may be done twice: tried again while the server is away, for a few seconds. */
  async command(args: readonly Argument[], doing: string): Promise<Reply> {
    return this.tryAgain(() => this.once(args, doing));
  }

  /** One attempt of a script, which the server keeps by its digest. */
  async scriptOnce(
    script: RedisScript,
    { keys, args }: ScriptInput,
    doing: string,
  ): Promise<Reply> {
    const rest = [String(keys.length), ...keys, ...args];
    return this.#attempt(async (client) => {
      try {
        return await client.send(['EVALSHA', script.digest, ...rest]);
      } catch (error) {
        // A server that was restarted has forgotten it.
        if (refusalOf(error) !== 'NOSCRIPT') throw error;
        return client.send(['EVAL', script.text, ...rest]);
      }
    }, doing);
  }

  /** For scripts that may run twice. */
  async script(script: RedisScript, input: ScriptInput, doing: string): Promise<Reply> {
    return this.tryAgain(() => this.scriptOnce(script, input, doing));
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    const client = await this.#client?.catch(() => undefined);
    client?.destroy();
  }

  async #attempt<T>(work: (client: Client) => Promise<T>, doing: string): Promise<T> {
    const opening = (this.#client ??= this.#open());
    try {
      return await work(await opening);
    } catch (error) {
      if (isLinkLost(error)) this.#drop(opening);
      throw toQueueError(error, doing);
    }
  }

  #open(): Promise<Client> {
    if (this.#isClosed) return Promise.reject(new Error('the queue is closed'));
    return Client.connect(this.#connection, this.#clock);
  }

  #drop(opening: Promise<Client>): void {
    if (this.#client === opening) this.#client = undefined;
    void opening.then(
      (client) => {
        client.destroy();
      },
      () => undefined,
    );
  }
}

export interface ScriptInput {
  readonly keys: readonly string[];
  readonly args: readonly Argument[];
}

/** Waiting may heal it. */
export function isPassing(error: unknown): boolean {
  return error instanceof AtbdError && error.code === 'QUEUE_UNREACHABLE';
}

type RawClient = ReturnType<typeof makeClient>;

/** One socket; after an error of the connection it is of no more use. */
class Client {
  readonly #raw: RawClient;
  readonly #clock: Clock;

  private constructor(raw: RawClient, clock: Clock) {
    this.#raw = raw;
    this.#clock = clock;
  }

  static async connect(connection: RedisConnection, clock: Clock): Promise<Client> {
    const raw = makeClient(connection);
    // Each command that fails tells us so by itself.
    raw.on('error', () => undefined);
    try {
      await raw.connect();
    } catch (error) {
      raw.destroy();
      throw error;
    }
    return new Client(raw, clock);
  }

  async send(args: readonly Argument[]): Promise<Reply> {
    const done = new AbortController();
    const tooLate = this.#clock.sleep(ANSWER_MS_MAX, done.signal).then(
      () => {
        throw new Error(`no answer within ${ANSWER_MS_MAX / 1000} s`);
      },
      () => null,
    );
    try {
      const answer = this.#raw.sendCommand<Reply>([...args]);
      return await Promise.race([answer, tooLate]);
    } finally {
      done.abort(ANSWERED);
    }
  }

  destroy(): void {
    if (this.#raw.isOpen) this.#raw.destroy();
  }
}

function makeClient({ url, username, password, tls }: RedisConnection) {
  const { protocol, hostname, port, pathname } = new URL(url);
  const socket = {
    host: hostname.replace(/^\[|\]$/gu, ''),
    port: Number(port === '' ? DEFAULT_PORT : port),
    connectTimeout: CONNECT_MS_MAX,
    // The link makes a new client: it knows which commands may be sent again.
    reconnectStrategy: false as const,
  };
  return createClient({
    RESP: 2,
    socket: protocol === 'rediss:' ? { ...socket, tls: true, ...tlsOf(tls) } : socket,
    database: Number(pathname.slice(1)),
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    // Both ask for rights that a queue's user does not need.
    disableClientInfo: true,
    maintNotifications: 'disabled',
    commandOptions: { typeMapping: { [RESP_TYPES.BLOB_STRING]: Buffer } },
  });
}

const DEFAULT_PORT = '6379';

function tlsOf(tls: TlsOptions | undefined) {
  const { ca, cert, key, serverName } = tls ?? {};
  return {
    ...(ca !== undefined && { ca: [ca] }),
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
    ...(serverName !== undefined && { servername: serverName }),
  };
}
