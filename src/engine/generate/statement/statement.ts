import { LEVELS, type Level } from '../../model/event.js';
import type { Pod } from '../shop/fleet.js';

/** A place in a service's source where a line is logged. */
export interface Statement {
  /** Of all statements of the program, so that caches can be arrays. */
  readonly number: number;
  /** Index of LEVELS. */
  readonly level: number;
  readonly module: string;
  readonly file: string;
  readonly line: number;
  /** The message around its arguments, safe within JSON. */
  readonly pieces: readonly [string, string, string, string];
}

let statementCount = 0;

/** A line logged at `file:line`; `{}` in the message stands for an argument, three at most. */
export function statement(level: Level, place: string, message: string): Statement {
  const [file = '', line = ''] = place.split(':');
  const pieces = message.split('{}').map((piece) => JSON.stringify(piece).slice(1, -1));
  if (pieces.length > 4) throw new Error(`BUG: too many arguments in ${message}`);
  const [first = '', second = '', third = '', fourth = ''] = pieces;
  const number = statementCount;
  statementCount += 1;
  return {
    number,
    level: LEVELS.indexOf(level),
    module: moduleOf(file),
    file,
    line: Number(line),
    pieces: [first, second, third, fourth],
  };
}

/** JSON text between the time and the first argument of the message, kept for each statement and pod of one shop. */
export class StatementHeads {
  readonly #heads: (string | undefined)[][] = [];

  of(statement: Statement, pod: Pod): string {
    const byPod = (this.#heads[statement.number] ??= []);
    return (byPod[pod.number] ??= headOf(statement, pod));
  }
}

function headOf({ level, module, file, line, pieces }: Statement, pod: Pod): string {
  return (
    `","kind":"log","type":"log","level":"${LEVELS[level] ?? ''}",${pod.fields},` +
    `"module":"${module}","file":"${file}","line":${line},"message":"${pieces[0]}`
  );
}

/** `src/charge/card-charge.ts` logs as `charge.card-charge`. */
function moduleOf(file: string): string {
  return file
    .replace(/^src\//u, '')
    .replace(/\.[a-z]+$/u, '')
    .replaceAll('/', '.');
}
