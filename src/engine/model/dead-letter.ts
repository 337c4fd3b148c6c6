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
