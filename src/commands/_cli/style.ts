import { Chalk, type ChalkInstance } from 'chalk';

/** Whether colour, spinners and moving lines are wanted there: a terminal that nobody asked to be plain. */
export function isLively(stream: NodeJS.WriteStream): boolean {
  const noColor = process.env['NO_COLOR'] ?? '';
  return stream.isTTY && noColor === '' && process.env['TERM'] !== 'dumb';
}

/** Colours for one stream: none without a terminal, with NO_COLOR, or on a dumb terminal. */
export function styleOf(stream: NodeJS.WriteStream): ChalkInstance {
  return new Chalk({ level: isLively(stream) ? 1 : 0 });
}
