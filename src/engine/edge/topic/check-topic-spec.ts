import { AtbdError } from '../../model/error.js';
import { createTopicMappers } from './topic-mapper.js';
import type { TopicSpec } from './topic-spec.js';

/** A setting that cannot be used, and why, as in "topics.0.pattern: is for the format text". */
export interface TopicMistake {
  readonly path: keyof TopicSpec;
  readonly message: string;
}

/** What is wrong with a topic's settings beyond their types: found when they are read, not when the first record comes. */
export function checkTopicSpec(spec: TopicSpec): TopicMistake[] {
  if (spec.pattern === undefined) return [];
  if (spec.format !== 'text') return [{ path: 'pattern', message: 'is for the format text' }];
  try {
    createTopicMappers([spec]);
    return [];
  } catch (error) {
    if (!(error instanceof AtbdError)) throw error;
    return [{ path: 'pattern', message: `${error.message}. ${error.hint}` }];
  }
}
