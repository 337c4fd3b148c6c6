import { isObject } from './format/common-names.js';
import type { EventFields } from './line-format.js';

/** The event with one more attribute. */
export function withAttr(event: EventFields, name: string, value: string): EventFields {
  return { ...event, attrs: { ...attrsOf(event), [name]: value } };
}

/** An `attrs` that is no object is kept, under its own name. */
export function attrsOf({ attrs }: EventFields): EventFields {
  if (isObject(attrs)) return attrs;
  return attrs === undefined ? {} : { attrs };
}
