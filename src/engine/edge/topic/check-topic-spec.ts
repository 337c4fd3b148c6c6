import { AtbdError } from '../../model/error.js';
import { COLUMN_FIELDS } from './debezium/decode-change.js';
import { createTopicMappers } from './topic-mapper.js';
import type { TopicSpec } from './topic-spec.js';

/** A setting that cannot be used, and why, as in "topics.0.pattern: is for the format text". */
export interface TopicMistake {
  readonly path: keyof TopicSpec;
  readonly message: string;
}

/** What is wrong with a topic's settings beyond their types: found when they are read, not when the first record comes. */
export function checkTopicSpec(spec: TopicSpec): TopicMistake[] {
  return [...misplaced(spec), ...columnMistakes(spec), ...patternMistakes(spec)];
}

/** Settings that belong to one format. */
const FORMAT_OF = { pattern: 'text', types: 'debezium', columns: 'debezium' } as const;

function misplaced(spec: TopicSpec): TopicMistake[] {
  return (Object.keys(FORMAT_OF) as (keyof typeof FORMAT_OF)[]).flatMap((path) =>
    spec[path] === undefined || spec.format === FORMAT_OF[path]
      ? []
      : [{ path, message: `is for the format ${FORMAT_OF[path]}` }],
  );
}

function columnMistakes({ columns = {} }: TopicSpec): TopicMistake[] {
  return Object.entries(columns)
    .filter(([, field]) => !COLUMN_FIELDS.includes(field))
    .map(([column, field]) => ({
      path: 'columns',
      message: `${column} cannot be ${field}: choose one of ${COLUMN_FIELDS.join(', ')}`,
    }));
}

function patternMistakes(spec: TopicSpec): TopicMistake[] {
  if (spec.pattern === undefined || spec.format !== 'text') return [];
  try {
    createTopicMappers([spec]);
    return [];
  } catch (error) {
    if (!(error instanceof AtbdError)) throw error;
    return [{ path: 'pattern', message: `${error.message}. ${error.hint}` }];
  }
}
