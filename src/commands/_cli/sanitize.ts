import { visibleText } from '../../engine/model/visible-text.js';

/**
 * Log text for a terminal, in one line: control characters, escape sequences and direction overrides become visible
 * and lose their effect. With `lineBreaks` kept, line feeds and tabs stay as they are.
 */
export function sanitizeText(text: string, { keepLineBreaks = false } = {}): string {
  if (!keepLineBreaks) return visibleText(text);
  return text
    .split(/(\r?\n|\t)/u)
    .map((part, index) => (index % 2 === 1 ? part : visibleText(part)))
    .join('');
}

/** One line of JSON whose text is safe on a terminal, too: JSON alone leaves C1, DEL and direction overrides raw. */
export function sanitizeJson(value: unknown): string {
  return escapeJson(JSON.stringify(value));
}

/** The same for text that is JSON already. */
export function escapeJson(json: string): string {
  return json.replace(RAW_IN_JSON, (character) => {
    const code = character.codePointAt(0) ?? 0;
    return `\\u${code.toString(16).padStart(4, '0')}`;
  });
}

const RAW_IN_JSON = /[\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]/gu;
