import { mkdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { type Database, open, type RootDatabase } from 'lmdb';
import { AtbdError } from '../../model/error.js';
import { OpenGate } from './gate/open-gate.js';
import type { ProcessIdentity } from './process-identity.js';

/**
 * Address space kept for the file: 1 TiB costs nothing until it is used, and a map that never
 * grows needs no coordination between processes. The disk is the real bound (and PARTITION_BYTES_MAX).
 */
const MAP_BYTES = 2 ** 40;

/** Raised when the layout changes; another version's file is refused instead of misread. */
const FORMAT_VERSION = 2;

const DATABASE_COUNT_MAX = 8;

/** errno and LMDB code of "no room left". */
const NO_ROOM_CODES: readonly unknown[] = [28, 'ENOSPC', -30792];

export interface TopicRow {
  readonly id: string;
  readonly partitionCount: number;
}

/** Where a partition begins and ends. Byte counts are of blocks, summed since the topic was made. */
export interface TailRow {
  readonly start: number;
  readonly end: number;
  readonly startBytes: number;
  readonly endBytes: number;
  /** The largest timestamp ever appended. */
  readonly timestampMsMax: number;
}

/** What is known of a block without reading it; its key holds the first offset. */
export interface IndexRow {
  readonly end: number;
  readonly endBytes: number;
  /** The largest timestamp of this block and all before it: ascending, so it can be searched. */
  readonly timestampMsMax: number;
}

export interface PositionRow {
  readonly position: number;
  readonly intent: string | null;
}

/** `fence` rises with every owner and outlives them, so an old owner can be told from a new one. */
export interface LeaseRow {
  readonly memberId: string | null;
  readonly fence: number;
}

export interface MemberRow {
  readonly process: ProcessIdentity;
  readonly expiresMs: number;
  readonly topics: readonly string[];
}

type PartitionKey = [topicId: string, partition: number];
type BlockKey = [topicId: string, partition: number, baseOffset: number];
type GroupKey = [groupId: string, topicId: string, partition: number];

/** The LMDB environment of a queue, opened once per process, and its tables. */
export class LogFile {
  static readonly #open = new Map<string, { readonly file: Promise<LogFile>; useCount: number }>();

  readonly path: string;
  readonly topics: Database<TopicRow, string>;
  readonly tails: Database<TailRow, PartitionKey>;
  readonly blocks: Database<Buffer, BlockKey>;
  readonly index: Database<IndexRow, BlockKey>;
  readonly positions: Database<PositionRow, GroupKey>;
  readonly leases: Database<LeaseRow, GroupKey>;
  readonly members: Database<MemberRow, [groupId: string, memberId: string]>;
  readonly #root: RootDatabase<number, string>;
  readonly #gate: OpenGate;

  private constructor(path: string, gate: OpenGate) {
    this.path = path;
    this.#gate = gate;
    // Without overlappingSync a commit is LMDB's own: data and meta page are on disk before it
    // resolves, and no later process can see or build on a commit that a power cut would undo.
    this.#root = open({
      path,
      noSubdir: false,
      overlappingSync: false,
      mapSize: MAP_BYTES,
      maxDbs: DATABASE_COUNT_MAX,
      encoding: 'json',
    });
    this.topics = this.#root.openDB('topics', { encoding: 'json' });
    this.tails = this.#root.openDB('tails', { encoding: 'json' });
    this.blocks = this.#root.openDB('blocks', { encoding: 'binary' });
    this.index = this.#root.openDB('index', { encoding: 'json' });
    this.positions = this.#root.openDB('positions', { encoding: 'json' });
    this.leases = this.#root.openDB('leases', { encoding: 'json' });
    this.members = this.#root.openDB('members', { encoding: 'json' });
  }

  /** Opens the queue's directory, making it if needed. Pair with `close`. */
  static async open(directory: string): Promise<LogFile> {
    const path = resolve(directory);
    const shared = LogFile.#open.get(path);
    if (shared) {
      shared.useCount += 1;
      return shared.file;
    }
    const file = LogFile.#openFile(path);
    LogFile.#open.set(path, { file, useCount: 1 });
    try {
      return await file;
    } catch (error) {
      LogFile.#open.delete(path);
      throw error;
    }
  }

  static async #openFile(path: string): Promise<LogFile> {
    let gate: OpenGate | undefined;
    let file: LogFile;
    try {
      mkdirSync(path, { recursive: true, mode: 0o700 });
      const ownGate = (gate = new OpenGate(path));
      file = await gate.alone(() => new LogFile(path, ownGate));
    } catch (cause) {
      gate?.dispose();
      throw cause instanceof AtbdError ? cause : cannotOpen(path, cause);
    }
    try {
      await file.#checkFormat();
    } catch (error) {
      await file.#closeFile();
      throw error;
    }
    return file;
  }

  async close(): Promise<void> {
    const shared = LogFile.#open.get(this.path);
    if (!shared) return;
    shared.useCount -= 1;
    if (shared.useCount > 0) return;
    LogFile.#open.delete(this.path);
    await this.#closeFile();
  }

  async #closeFile(): Promise<void> {
    try {
      await this.#gate.alone(() => this.#root.close());
    } finally {
      this.#gate.dispose();
    }
  }

  /** Lets the reads that follow in this turn see what other processes have committed. */
  refresh(): void {
    this.#root.resetReadTxn();
  }

  /**
   * Runs `change` alone among all processes and resolves when what it wrote is on disk. Changes
   * asked for in one turn share a commit, so `change` must check everything before it writes: one that throws takes
   * nothing back.
   */
  async write<Result>(change: () => Result): Promise<Result> {
    try {
      return await this.#gate.commit(() => this.#root.transaction(change));
    } catch (cause) {
      if (cause instanceof AtbdError || !(cause instanceof Error) || !('code' in cause))
        throw cause;
      throw cannotWrite(this.path, cause);
    }
  }

  /** Frees the read slots of processes that were killed, which would keep trimmed pages from reuse. */
  clearDeadReaders(): void {
    this.#root.readerCheck();
  }

  async #checkFormat(): Promise<void> {
    const found = await this.write(() => {
      const version = this.#root.get('format');
      if (version === undefined) void this.#root.put('format', FORMAT_VERSION);
      return version ?? FORMAT_VERSION;
    });
    if (found === FORMAT_VERSION) return;
    throw new AtbdError({
      code: 'QUEUE_FAILED',
      message: `cannot read the queue at ${this.path}: its format is ${found}, this version of atbd knows ${FORMAT_VERSION}`,
      hint: 'Use the version of atbd that wrote it, or another directory.',
    });
  }
}

function cannotOpen(path: string, cause: unknown): AtbdError {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  const isForbidden = code === 'EACCES' || code === 13;
  return new AtbdError({
    code: isForbidden ? 'PERMISSION_DENIED' : 'QUEUE_UNREACHABLE',
    message: `cannot open the queue at ${path}`,
    hint: 'The path must be a directory on a local disk that this user may write; `atbd context show` names it.',
    cause,
  });
}

function cannotWrite(path: string, cause: Error & { code: unknown }): AtbdError {
  const hasNoRoom = NO_ROOM_CODES.includes(cause.code);
  return new AtbdError({
    code: 'QUEUE_FAILED',
    message: `cannot write to the queue at ${path}${hasNoRoom ? ': no room left' : ''}`,
    hint: hasNoRoom
      ? 'Free space on that disk; nothing of this batch was stored, so send it again.'
      : 'Nothing of this batch was stored; send it again, and see the cause if it fails again.',
    cause,
  });
}
