import type { EventFields } from './line-format.js';

/** JSON writes larger numbers out as integers of more digits than the store's parser reads, up to where it takes to exponents. */
export const INTEGER_MAX = 1e18;

const MANY_DIGITS = /\d{19}/;

/**
 * An event as JSON that the store's parser reads whatever is in it. Where it reads less than JSON may have, the event would be
 * a dead letter: a large number becomes the text of it, half a surrogate pair the sign for what cannot be shown.
 */
export function eventJson(event: EventFields): string {
  const json = JSON.stringify(event);
  return wellFormed(MANY_DIGITS.test(json) ? JSON.stringify(event, largeAsText) : json);
}

function largeAsText(_name: string, value: unknown): unknown {
  return typeof value === 'number' && Math.abs(value) >= INTEGER_MAX ? String(value) : value;
}

function wellFormed(json: string): string {
  if (!json.includes('\\ud')) return json;
  return json.replaceAll(/\\\\|\\ud[89a-f][\da-f]{2}/g, (escape) =>
    escape === '\\\\' ? escape : '\ufffd',
  );
}
