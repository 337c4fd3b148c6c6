import type { EventField } from './event.js';

/**
 * What a question asks of one event. One meaning, two readers: a closure for events that pass
 * (`engine/filter`), SQL for events that are stored (`store/query`); a test holds them together.
 *
 * A field that is missing reads as the empty text, or as no number.
 */
export type Filter =
  /** Every part holds; with no part it always holds. */
  | { readonly kind: 'all'; readonly parts: readonly Filter[] }
  /** One part at least holds; with no part it never holds. */
  | { readonly kind: 'any'; readonly parts: readonly Filter[] }
  | { readonly kind: 'not'; readonly part: Filter }
  /** The message has this word (see `splitTokens`); it has at least one token. */
  | { readonly kind: 'word'; readonly word: string }
  /** The field's text is one of these, byte for byte. */
  | { readonly kind: 'text'; readonly field: FieldRef; readonly values: readonly string[] }
  /** The field's text has this one in it, byte for byte; the empty text is in every text. */
  | {
      readonly kind: 'part';
      readonly field: FieldRef;
      readonly place: TextPlace;
      readonly text: string;
    }
  /** The field's number stands in this relation to the value; no number stands in none. A key's text is read as one. */
  | {
      readonly kind: 'number';
      readonly field: FieldRef;
      readonly relation: Relation;
      readonly value: number;
    }
  /** The same of an exact decimal; the value is one as `formatAmount` writes it. */
  | {
      readonly kind: 'decimal';
      readonly field: FieldRef;
      readonly relation: Relation;
      readonly value: string;
    }
  /** The event's time, as it is stored, stands in this relation to the moment (nanoseconds since the epoch). */
  | { readonly kind: 'time'; readonly relation: Relation; readonly ns: bigint }
  /** The expression (RE2, as in ClickHouse: `.` takes line breaks too) is found in the field's text. */
  | { readonly kind: 'regex'; readonly field: FieldRef; readonly pattern: string }
  /** The field has a value. */
  | { readonly kind: 'exists'; readonly field: FieldRef }
  /** The file is this path or ends with it by whole segments; `line` null means any line. */
  | { readonly kind: 'source'; readonly file: string; readonly line: number | null };

/** How a field's value stands to a given one. */
export type Relation = '=' | '<' | '<=' | '>' | '>=';

/** Where in a text a part of it stands. */
export type TextPlace = 'start' | 'end' | 'anywhere';

/** A filter that is not made of others. */
export type FilterLeaf = Exclude<Filter, { readonly kind: 'all' | 'any' | 'not' }>;

/** One of the event's own fields, or a key of `attrs`. */
export type FieldRef =
  | { readonly kind: 'field'; readonly name: Exclude<EventField, 'ts' | 'attrs'> }
  | { readonly kind: 'attr'; readonly key: string };

/** The filter that every event passes. */
export const MATCH_ALL: Filter = { kind: 'all', parts: [] };

/** The filter that no event passes. */
export const MATCH_NONE: Filter = { kind: 'any', parts: [] };

/** What a filter is made of in the end, in the order in which it stands there. */
export function leavesOf(filter: Filter): FilterLeaf[] {
  if (filter.kind === 'not') return leavesOf(filter.part);
  if (filter.kind !== 'all' && filter.kind !== 'any') return [filter];
  return filter.parts.flatMap((part) => leavesOf(part));
}

/** The event's fields that a filter looks at: all that an answer to it needs to know of an event. `attrs` for any key of it. */
export function fieldsOf(filter: Filter): ReadonlySet<EventField> {
  return new Set(leavesOf(filter).flatMap((leaf) => fieldsOfLeaf(leaf)));
}

function fieldsOfLeaf(leaf: FilterLeaf): readonly EventField[] {
  switch (leaf.kind) {
    case 'word':
      return ['message'];
    case 'source':
      return leaf.line === null ? ['file'] : ['file', 'line'];
    case 'time':
      return ['ts'];
    case 'text':
    case 'part':
    case 'number':
    case 'decimal':
    case 'regex':
    case 'exists':
      return [leaf.field.kind === 'field' ? leaf.field.name : 'attrs'];
  }
}

const SEPARATORS = /[\0-/:-@[-`{-\x7f]+/u;

/**
 * The tokens of a text as the store's text index cuts it (splitByNonAlpha, then lower): runs of ASCII letters, digits
 * and all characters beyond ASCII, with only ASCII letters made lower case.
 */
export function splitTokens(text: string): string[] {
  return lowerAscii(text)
    .split(SEPARATORS)
    .filter((token) => token !== '');
}

/** Lower case for ASCII letters only, as the store's `lower` does it. */
export function lowerAscii(text: string): string {
  return text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}
