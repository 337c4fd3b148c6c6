import { AtbdError } from '../model/error.js';
import { EVENT_FIELDS, type EventField } from '../model/event.js';
import type { FieldRef } from '../model/filter.js';
import { nearestName } from '../model/nearest-name.js';
import { quoteValue } from '../model/visible-text.js';

/** A field by which an answer can be split. */
export type Dimension = Extract<FieldRef, { kind: 'field' }>['name'];

/** Different for nearly every event: an answer split by one is a list of events. */
const UNIQUE_FIELDS: readonly EventField[] = ['message', 'span_id', 'parent_id', 'op_id'];

/** Fields by which an answer can be split, in the event's own order. */
export const DIMENSIONS: readonly Dimension[] = (Object.keys(EVENT_FIELDS) as EventField[]).filter(
  (name): name is Dimension => EVENT_FIELDS[name] === 'string' && !UNIQUE_FIELDS.includes(name),
);

/** More make a table that nobody reads. */
const DIMENSION_COUNT_MAX = 6;

/** What one writes for an answer that is not split. */
const NO_SPLIT = 'none';

/** Reads `--by a,b` or `none`; rejects with USAGE_INVALID what is no dimension, and says what was likely meant. */
export function parseDimensions(text: string): Dimension[] {
  if (text.trim() === NO_SPLIT) return [];
  const names = [...new Set(text.split(',').map((name) => name.trim()))];
  if (names.length > DIMENSION_COUNT_MAX) {
    throw usage(`cannot split by ${names.length} fields`, `At most ${DIMENSION_COUNT_MAX}.`);
  }
  return names.map((name) => {
    const found = DIMENSIONS.find((each) => each === name);
    if (found !== undefined) return found;
    const near = nearestName(name, DIMENSIONS);
    throw usage(
      `cannot split by ${quoteValue(name)}: it is no field for --by`,
      `${near === undefined ? '' : `Did you mean ${near}? `}Fields are ${DIMENSIONS.join(', ')}.`,
    );
  });
}

function usage(message: string, hint: string): AtbdError {
  return new AtbdError({ code: 'USAGE_INVALID', message, hint });
}
