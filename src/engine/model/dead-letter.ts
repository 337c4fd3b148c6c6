import type { Filter } from './filter.js';

/** Where a record was in the queue when it became a dead letter. */
export interface LetterPlace {
  readonly topic: string;
  /** Of the topic's lives; from 1. */
  readonly epoch: number;
  readonly partition: number;
  readonly offset: bigint;
}

/** What became of a letter: nothing yet, or it is in the queue again. */
export type LetterState = 'waiting' | 'replayed';

/** Which letters are meant; what is empty or null narrows nothing. */
export interface LetterFilter {
  readonly reasons: readonly string[];
  readonly topics: readonly string[];
  /** Queue time, `[from, to)`, in nanoseconds since the epoch. */
  readonly fromNs: bigint | null;
  readonly toNs: bigint | null;
  /** Of the names in `LETTER_FIELDS`, as keys. */
  readonly where: Filter;
  readonly state: LetterState | null;
}

/** What a condition can ask of a dead letter. */
export const LETTER_FIELDS = {
  reason: 'text',
  topic: 'text',
  partition: 'number',
  offset: 'number',
  key: 'text',
  producer: 'text',
  size: 'number',
} as const;

export type LetterField = keyof typeof LETTER_FIELDS;

/** A dead letter without its bytes. */
export interface LetterSummary extends LetterPlace {
  readonly state: LetterState;
  readonly reason: string;
  /** Queue time in ms; where the queue had none that is a time, when it was stored. */
  readonly timeMs: number;
  readonly key: Buffer;
  /** The service that its bytes seem to name; empty where they name none. */
  readonly producer: string;
  /** Bytes that are stored of it. */
  readonly size: number;
  /** Its first bytes. */
  readonly sample: Buffer;
}

/** A dead letter with the bytes that are stored of it. */
export interface DeadLetter extends LetterSummary {
  readonly raw: Buffer;
  readonly storedAtMs: number;
}

/** `TOPIC/PARTITION/OFFSET`; a topic's name has no slash. */
export function nameOfPlace({ topic, partition, offset }: Omit<LetterPlace, 'epoch'>): string {
  return `${topic}/${partition}/${String(offset)}`;
}

/** Header of a record that was a dead letter: where that is. */
export const REPLAY_HEADER = 'atbd-replay-of';

/** What the header says of a letter. */
export function replayHeader({ topic, epoch, partition, offset }: LetterPlace): string {
  return `${topic}/${epoch}/${partition}/${String(offset)}`;
}

const REPLAY_PLACE =
  /^(?<topic>[^/]+)\/(?<epoch>\d{1,9})\/(?<partition>\d{1,9})\/(?<offset>\d{1,19})$/u;

/** The letter that a header names; undefined for what is no such header. */
export function placeOfHeader(text: string | undefined): LetterPlace | undefined {
  const groups = REPLAY_PLACE.exec(text ?? '')?.groups;
  if (groups === undefined) return undefined;
  const { topic = '', epoch, partition, offset = '' } = groups;
  return { topic, epoch: Number(epoch), partition: Number(partition), offset: BigInt(offset) };
}

/** A topic when a replay began: which one it was, and the next offset of each partition. */
export interface TopicEnds {
  readonly identity: string;
  readonly ends: ReadonlyMap<number, bigint>;
}

/** One run of `replay`, as it is noted before it sends anything. */
export interface ReplayRun {
  readonly id: string;
  readonly who: string;
  /** Host and process, as `isGone` tells them from others. */
  readonly host: string;
  readonly pid: number;
  readonly born: string | null;
  /** What was asked for, as typed. */
  readonly filter: string;
  readonly changes: string;
  readonly topics: ReadonlyMap<string, TopicEnds>;
}

/** A letter that is in the queue again, and where. */
export interface ReplayMark extends LetterPlace {
  readonly toPartition: number;
  readonly toOffset: bigint;
}

/** What a replay needs of the store. Every call needs every shard: an answer in part could send a letter twice. */
export interface ReplayStore {
  /** Letters that wait, with their bytes, in the order of their places, from behind `after`; may have one twice. */
  readWaiting(
    filter: LetterFilter,
    page: { readonly after: LetterPlace | null; readonly limit: number },
    signal: AbortSignal,
  ): Promise<readonly DeadLetter[]>;

  /** Notes a run on all shards. */
  beginRun(run: ReplayRun, signal: AbortSignal): Promise<void>;

  /** The runs that are noted on any shard and ended on none. */
  openRuns(signal: AbortSignal): Promise<readonly ReplayRun[]>;

  /** From here on these letters do not wait; the same ones again change nothing. */
  markReplayed(run: string, marks: readonly ReplayMark[], signal: AbortSignal): Promise<void>;

  endRun(run: string, signal: AbortSignal): Promise<void>;
}
