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
  | { readonly kind: 'not'; readonly part: Filter }
  /** The message has this word (see `splitTokens`); it has at least one token. */
  | { readonly kind: 'word'; readonly word: string }
  /** The field's text is one of these, byte for byte. */
  | { readonly kind: 'text'; readonly field: FieldRef; readonly values: readonly string[] }
  /** The field's number is this one. */
  | { readonly kind: 'number'; readonly field: FieldRef; readonly value: number }
  /** The expression (RE2, as in ClickHouse: `.` takes line breaks too) is found in the field's text. */
  | { readonly kind: 'regex'; readonly field: FieldRef; readonly pattern: string }
  /** The field has a value. */
  | { readonly kind: 'exists'; readonly field: FieldRef }
  /** The file is this path or ends with it by whole segments; `line` null means any line. */
  | { readonly kind: 'source'; readonly file: string; readonly line: number | null };

/** One of the event's own fields, or a key of `attrs`. */
export type FieldRef =
  | { readonly kind: 'field'; readonly name: Exclude<EventField, 'ts' | 'attrs'> }
  | { readonly kind: 'attr'; readonly key: string };

/** The filter that every event passes. */
export const MATCH_ALL: Filter = { kind: 'all', parts: [] };

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
