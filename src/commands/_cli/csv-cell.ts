/** What spreadsheets take for a formula when a cell starts with it. */
const FORMULA_START = /^[=+\-@\t\r]/u;
const NUMBER = /^[+-]?\d+(?:\.\d+)?$/u;

/** A text that a spreadsheet would run gets an apostrophe in front, as they do it themselves; numbers stay. */
export function csvCell(value: string): string {
  const text = FORMULA_START.test(value) && !NUMBER.test(value) ? `'${value}` : value;
  return /[",\r\n]/u.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
