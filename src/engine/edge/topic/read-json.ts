import { isObject } from '../format/common-names.js';
import { INTEGER_MAX } from '../event-json.js';
import type { EventFields } from '../line-format.js';
import { refused } from './mapped-record.js';

/** Deeper nesting is made to break readers; ours would run out of stack at a depth that nobody could name. */
const DEPTH_MAX = 200;

/** A number of so many characters may have more digits than a double holds. */
const EXACT_LENGTH_MAX = 15;

/** No number without this is longer than that, or beyond what is held. */
const MAYBE_INEXACT = /\d[\d.]{14}|\d[eE]/;

/** Whoever nests deeper and closes it all again takes more than this. */
const SHALLOW_LENGTH = 2 * DEPTH_MAX;

const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

type JsonRead =
  { readonly kind: 'object'; readonly value: EventFields } | ReturnType<typeof refused>;

/**
 * One JSON object. A number that a double would change (identifiers of 64 bits, mostly) becomes the text of its digits. Whether
 * something is read depends on the text alone, so that it ends the same way each time it is sent.
 */
export function readJson(text: string): JsonRead {
  const { depth, numbers } = scan(text);
  if (depth > DEPTH_MAX) return refused('too_deep');
  try {
    const value: unknown = JSON.parse(numbers.length === 0 ? text : quote(text, numbers));
    return isObject(value) ? { kind: 'object', value } : refused('not_an_object');
  } catch {
    return refused('invalid_json');
  }
}

interface Span {
  readonly from: number;
  readonly to: number;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const MINUS = 0x2d;
const ZERO = 0x30;
const NINE = 0x39;

/** How deep it is nested (0 where that is surely not too deep), and where numbers stand that a double cannot hold. */
function scan(text: string): { readonly depth: number; readonly numbers: readonly Span[] } {
  // Fast path: most lines of a log. The slow one is a pass over the text; strings are skipped.
  if (text.length <= SHALLOW_LENGTH && !MAYBE_INEXACT.test(text)) return { depth: 0, numbers: [] };
  const numbers: Span[] = [];
  let depth = 0;
  let open = 0;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) at = endOfString(text, at);
    else if (isOpening(code)) depth = Math.max(depth, (open += 1));
    else if (isClosing(code)) open -= 1;
    else if (code === MINUS || (code >= ZERO && code <= NINE)) {
      const to = endOfNumber(text, at);
      if (!isExact(text, { from: at, to })) numbers.push({ from: at, to });
      at = to - 1;
    }
  }
  return { depth, numbers };
}

function isOpening(code: number): boolean {
  return code === 0x7b || code === 0x5b;
}

function isClosing(code: number): boolean {
  return code === 0x7d || code === 0x5d;
}

/** Where the closing quote stands, or the end of a text that has none. */
function endOfString(text: string, from: number): number {
  for (let at = from + 1; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === BACKSLASH) at += 1;
    else if (code === QUOTE) return at;
  }
  return text.length;
}

function endOfNumber(text: string, from: number): number {
  let at = from + 1;
  while (at < text.length && isNumberCode(text.charCodeAt(at))) at += 1;
  return at;
}

/** Digits, and `+ - . E e`. */
function isNumberCode(code: number): boolean {
  return (
    (code >= ZERO && code <= NINE) ||
    code === 0x2b ||
    code === MINUS ||
    code === 0x2e ||
    code === 0x45 ||
    code === 0x65
  );
}

/** What is no number is left to the parser to refuse. */
function isExact(text: string, { from, to }: Span): boolean {
  const number = text.slice(from, to);
  const isHeld = Math.abs(Number(number)) < INTEGER_MAX;
  if (to - from <= EXACT_LENGTH_MAX && isHeld) return true;
  return !NUMBER.test(number) || (isHeld && String(Number(number)) === number);
}

function quote(text: string, numbers: readonly Span[]): string {
  const parts: string[] = [];
  let end = 0;
  for (const { from, to } of numbers) {
    parts.push(text.slice(end, from), '"', text.slice(from, to), '"');
    end = to;
  }
  parts.push(text.slice(end));
  return parts.join('');
}
