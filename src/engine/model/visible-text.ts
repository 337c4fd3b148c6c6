/**
 * Text that is safe on a terminal, in one line: control characters and escape sequences become visible (as their
 * control pictures, so that each takes one column), direction overrides and lone surrogates become their code.
 * Nothing is dropped, so two different texts never look the same.
 */
export function visibleText(text: string): string {
  // Most text is harmless: one search, no copy.
  return UNSAFE_TEST.test(text) ? text.replace(UNSAFE, toVisible) : text;
}

/** The value in quotes for a message: visible, and cut when it is long. */
export function quoteValue(value: string): string {
  const cut = value.length > QUOTE_LENGTH_MAX;
  const head = cut ? value.slice(0, QUOTE_LENGTH_MAX) : value;
  return `"${visibleText(head)}"${cut ? ` … (${value.length} characters)` : ''}`;
}

/** Long enough to recognise an id or an expression. */
const QUOTE_LENGTH_MAX = 80;

/**
 * C0, DEL, C1 (8-bit escape sequences), line and paragraph separators, everything that changes the writing direction,
 * and surrogates without a partner.
 */
const UNSAFE = /[\p{Cc}\p{Cs}\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]/gu;
const UNSAFE_TEST = new RegExp(UNSAFE.source, 'u');

const CONTROL_PICTURES = 0x2400;
const DELETE = 0x7f;
const DELETE_PICTURE = '\u2421';

function toVisible(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x20) return String.fromCodePoint(CONTROL_PICTURES + code);
  if (code === DELETE) return DELETE_PICTURE;
  return `<U+${code.toString(16).toUpperCase().padStart(4, '0')}>`;
}
