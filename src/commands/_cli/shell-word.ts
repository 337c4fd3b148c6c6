/** The text as a shell reads it back: in quotes where it must be. */
export function shellWord(text: string): string {
  return HARMLESS.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

const HARMLESS = /^[\w@%+=:,./-]+$/u;
