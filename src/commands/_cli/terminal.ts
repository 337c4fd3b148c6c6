import { Chalk, type ForegroundColorName, type ModifierName } from 'chalk';

/** What a stream can show. */
export interface Terminal {
  readonly isTerminal: boolean;
  /** Columns; the same everywhere when it is no terminal. */
  readonly width: number;
  readonly paint: Paint;
}

/** Colours a text, or leaves it as it is where there is no colour. */
export type Paint = (style: Style, text: string) => string;

type StyleName = ForegroundColorName | ModifierName;

/** One or more of chalk's names; `reset` leaves a text as it is. */
export type Style = StyleName | readonly StyleName[];

/** Columns for a pipe or a file: wide enough that little is cut, and the same on each machine. */
const PIPE_WIDTH = 200;

/** Columns of a terminal that does not tell. */
const TERMINAL_WIDTH = 80;

/** Fewer columns cannot hold a table; lines then wrap. */
const WIDTH_MIN = 40;

/** No colour. */
export const plainPaint: Paint = (_style, text) => text;

// Whether there is colour is decided here, and not by chalk's own look at the process.
const chalk = new Chalk({ level: 1 });

/** Colour by ANSI codes. */
export const colorPaint: Paint = (style, text) => {
  if (style === 'reset') return text;
  const names = typeof style === 'string' ? [style] : style;
  return names.reduce((shown, name) => chalk[name](shown), text);
};

/** Looks at a stream and at NO_COLOR, FORCE_COLOR, TERM and, without a terminal, COLUMNS. */
export function describeTerminal(
  stream: { readonly isTTY?: boolean; readonly columns?: number },
  env: NodeJS.ProcessEnv = process.env,
): Terminal {
  const isTerminal = stream.isTTY ?? false;
  // A terminal that does not tell says 0.
  const columns = isTerminal ? stream.columns || TERMINAL_WIDTH : pipeWidth(env);
  return {
    isTerminal,
    width: Math.max(WIDTH_MIN, columns),
    paint: hasColor(isTerminal, env) ? colorPaint : plainPaint,
  };
}

/** Who exports COLUMNS wants a page of that width, for a document or a mail. */
function pipeWidth(env: NodeJS.ProcessEnv): number {
  return /^[1-9]\d{0,3}$/u.test(env['COLUMNS'] ?? '') ? Number(env['COLUMNS']) : PIPE_WIDTH;
}

function hasColor(isTerminal: boolean, env: NodeJS.ProcessEnv): boolean {
  if ((env['NO_COLOR'] ?? '') !== '') return false;
  const forced = env['FORCE_COLOR'] ?? '';
  if (forced !== '') return forced !== '0' && forced !== 'false';
  return isTerminal && env['TERM'] !== 'dumb';
}
