import { join } from 'node:path';
import { AtbdError } from '../../../engine/model/error.js';
import type { Queue, TopicDescription } from '../../../engine/model/queue.js';
import { readCursor, type TailCursor } from '../../../engine/tail/tail-cursor.js';

/** Where a tail begins. */
export interface TailStart {
  readonly cursor: TailCursor;
  /** It goes on from a kept position. */
  readonly isResumed: boolean;
  /** What the person should know about the beginning. */
  readonly notes: readonly string[];
}

export interface StartOptions {
  readonly queue: Pick<Queue, 'describeTopic' | 'offsetsAtTime'>;
  readonly topic: string;
  /** Begin with records of this queue time on; undefined: from now. */
  readonly sinceMs: number | undefined;
  readonly cursorPath: string | undefined;
}

/** The kept position of a name, or the beginning that the flags ask for. */
export async function resolveStart(options: StartOptions): Promise<TailStart> {
  const { queue, topic, sinceMs, cursorPath } = options;
  const description = await queue.describeTopic(topic);
  const { identity } = description;
  const kept = cursorPath === undefined ? null : await readCursor(cursorPath);
  if (kept && cursorPath !== undefined) return resume(kept, description, cursorPath);
  const positions =
    sinceMs === undefined
      ? new Map(description.partitions.map(({ partition, end }) => [partition, end]))
      : await queue.offsetsAtTime(topic, sinceMs);
  return { cursor: { topic, identity, positions, output: null }, isResumed: false, notes: [] };
}

function resume(kept: TailCursor, topic: TopicDescription, path: string): TailStart {
  if (kept.topic !== topic.name) {
    throw new AtbdError({
      code: 'USAGE_INVALID',
      message: `cannot resume in the topic "${topic.name}": the kept position is of "${kept.topic}"`,
      hint: `Choose another name for --resume, or delete ${path}.`,
    });
  }
  if (kept.identity !== topic.identity) {
    const positions = new Map(topic.partitions.map(({ partition, start }) => [partition, start]));
    const notes = [`the topic "${topic.name}" was made again: beginning at its start`];
    return { cursor: { ...kept, identity: topic.identity, positions }, isResumed: true, notes };
  }
  const notes: string[] = [];
  const positions = new Map(kept.positions);
  for (const { partition, start, end } of topic.partitions) {
    const at = positions.get(partition) ?? start;
    if (at < start) {
      notes.push(
        `${String(start - at)} offsets of partition ${partition} were trimmed from the queue before they could be shown`,
      );
    }
    if (at > end) {
      notes.push(`partition ${partition} ends before the kept position: going on at its end`);
      positions.set(partition, end);
    }
  }
  return { cursor: { ...kept, positions }, isResumed: true, notes };
}

/** A name becomes a file name, so it must not reach elsewhere. */
const NAME = /^[A-Za-z0-9_-][A-Za-z0-9._-]{0,63}$/;

/** The file that keeps the position of a name. */
export function cursorPathOf(home: string, name: string): string {
  if (NAME.test(name)) return join(home, 'tail', `${name}.json`);
  throw new AtbdError({
    code: 'USAGE_INVALID',
    message: `cannot use ${JSON.stringify(name)} as the name of a position`,
    hint: 'Use up to 64 letters, digits, dots, dashes and underscores.',
  });
}
