/** Markup: what is put into `markup` without being escaped again. */
export interface Html {
  readonly text: string;
}

/** Markup with values in it; every value that is not markup itself is text, and escaped. */
export function markup(parts: TemplateStringsArray, ...values: readonly (Html | string)[]): Html {
  const escaped = values.map((value) =>
    typeof value === 'string' ? escapeText(value) : value.text,
  );
  return { text: parts.map((part, index) => part + (escaped[index] ?? '')).join('') };
}

/** Markup in a row. */
export function join(parts: readonly Html[]): Html {
  return { text: parts.map(({ text }) => text).join('\n') };
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Text for markup or XML: what would be read as markup is escaped, what neither may hold becomes visible. */
export function escapeText(text: string): string {
  return text
    .replace(FORBIDDEN, '\u{fffd}')
    .replace(/[&<>"']/gu, (character) => ENTITIES[character] ?? character);
}

/** XML 1.0 has no place for these, not even escaped; lone surrogates are no text at all. */
const FORBIDDEN = /(?![\t\n\r])[\p{Cc}\p{Cs}\ufffe\uffff]/gu;
