import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** The range that an insert's token names. */
export interface InsertRange {
  readonly epoch: number;
  readonly partition: number;
  readonly first: bigint;
  readonly last: bigint;
  readonly shard: number;
}

/** An insert that was caught at a moment of its way, and stands still until one of these is called. */
export interface CaughtInsert {
  readonly range: InsertRange;
  /** Lets it go on, if both ends are still there. */
  release(): void;
  /** The worker's end is torn off; the shard goes on with what it was given. */
  cut(): void;
}

export type GateMoment = 'asked' | 'answered';

/** Told of inserts; who wants to hold one says so. */
type OnInsert = (moment: GateMoment, insert: CaughtInsert) => 'hold' | 'pass';

const TOKEN =
  /insert_deduplication_token=[^& ]*%3Ae(?<epoch>\d+)%3Ap(?<partition>\d+)%3A(?<first>\d+)-(?<last>\d+)%3As(?<shard>\d+)/u;

/** One worker's way to one shard: TCP that is passed on as it is, and held, cut or shut when the run wants it so. */
export class InsertGate implements AsyncDisposable {
  readonly #server: Server;
  readonly #passages = new Set<Passage>();
  #isShut = false;
  /** Who wants to hold an insert, while somebody does. */
  catcher: OnInsert | undefined;
  /** Told of every insert that begins. */
  onAsked: (range: InsertRange) => void = () => undefined;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async open(shardUrl: string): Promise<InsertGate> {
    const port = Number(new URL(shardUrl).port);
    const server = createServer();
    const gate = new InsertGate(server);
    server.on('connection', (client) => {
      gate.#pass(client, port);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return gate;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Tears every connection off and takes no more until `unshut`. */
  shut(): void {
    this.#isShut = true;
    for (const passage of this.#passages) passage.end();
  }

  unshut(): void {
    this.#isShut = false;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.shut();
    if (!this.#server.listening) return;
    const closed = once(this.#server, 'close');
    this.#server.close();
    await closed;
  }

  #pass(client: Socket, port: number): void {
    if (this.#isShut) {
      client.on('error', () => undefined);
      client.destroy();
      return;
    }
    const server = connect({ port, host: '127.0.0.1' });
    const passage = new Passage(client, server, (moment, insert) => {
      if (moment === 'asked') this.onAsked(insert.range);
      return this.catcher?.(moment, insert) ?? 'pass';
    });
    this.#passages.add(passage);
    client.once('close', () => this.#passages.delete(passage));
  }
}

/** One connection. HTTP/1.1 without pipelining: what a client sends after an answer is a new request. */
class Passage {
  readonly #client: Socket;
  readonly #server: Socket;
  readonly #onInsert: OnInsert;
  /** The insert under way, from its first byte to the first byte of its answer. */
  #range: InsertRange | undefined;
  #isAsking = false;
  /** What waits for `release`. */
  #held: (() => void) | undefined;

  constructor(client: Socket, server: Socket, onInsert: OnInsert) {
    this.#client = client;
    this.#server = server;
    this.#onInsert = onInsert;
    client.on('data', (bytes) => {
      this.#fromClient(bytes);
    });
    server.on('data', (bytes) => {
      this.#fromServer(bytes);
    });
    client.on('drain', () => {
      this.#resume();
    });
    server.on('drain', () => {
      this.#resume();
    });
    for (const socket of [client, server]) socket.on('error', () => undefined);
    // A held insert of a worker that is gone goes no further.
    client.on('close', () => {
      this.#held = undefined;
      server.end();
    });
    server.on('close', () => {
      if (this.#held === undefined) client.end();
    });
  }

  end(): void {
    this.#held = undefined;
    this.#client.destroy();
    this.#server.destroy();
  }

  #fromClient(bytes: Buffer): void {
    const isNew = !this.#isAsking;
    this.#isAsking = true;
    if (isNew) this.#range = rangeOf(bytes);
    const pass = (): void => {
      if (!this.#server.write(bytes)) this.#client.pause();
    };
    if (isNew && this.#range !== undefined) this.#offer('asked', this.#range, pass);
    else pass();
  }

  #fromServer(bytes: Buffer): void {
    const answered = this.#isAsking ? this.#range : undefined;
    this.#isAsking = false;
    const pass = (): void => {
      if (!this.#client.write(bytes)) this.#server.pause();
    };
    if (answered === undefined) pass();
    else this.#offer('answered', answered, pass);
  }

  #offer(moment: GateMoment, range: InsertRange, pass: () => void): void {
    let isOver = false;
    const verdict = this.#onInsert(moment, {
      range,
      release: () => {
        const held = this.#held;
        if (isOver || held === undefined) return;
        isOver = true;
        this.#held = undefined;
        held();
        this.#resume();
      },
      cut: () => {
        isOver = true;
        this.#held = undefined;
        this.#client.destroy();
      },
    });
    if (verdict === 'pass') {
      pass();
      return;
    }
    this.#held = pass;
    this.#client.pause();
    this.#server.pause();
  }

  #resume(): void {
    if (this.#held !== undefined) return;
    this.#client.resume();
    this.#server.resume();
  }
}

function rangeOf(bytes: Buffer): InsertRange | undefined {
  const line = bytes.subarray(0, bytes.indexOf('\r\n')).toString('latin1');
  const groups = TOKEN.exec(line)?.groups;
  if (groups === undefined) return undefined;
  return {
    epoch: Number(groups['epoch']),
    partition: Number(groups['partition']),
    first: BigInt(groups['first']!),
    last: BigInt(groups['last']!),
    shard: Number(groups['shard']),
  };
}
