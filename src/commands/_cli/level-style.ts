import type { Style } from './terminal.js';

const LEVEL_STYLES: Readonly<Record<string, Style>> = {
  fatal: ['bold', 'inverse', 'red'],
  error: ['bold', 'red'],
  warn: ['bold', 'yellow'],
  info: 'green',
  debug: 'dim',
  trace: 'dim',
};

/** How a level's name is coloured. */
export function levelStyle(level: string): Style {
  return LEVEL_STYLES[level] ?? 'reset';
}

/** How the text of an event with this level is coloured: what matters stands out, what does not stands back. */
export function levelTextStyle(level: string): Style {
  if (level === 'error' || level === 'fatal') return 'red';
  if (level === 'warn') return 'yellow';
  return level === 'debug' || level === 'trace' ? 'dim' : 'reset';
}
