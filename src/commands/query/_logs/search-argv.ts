import { parseDuration } from '../../../engine/time/duration.js';

/** A saved search is asked for by this and its name, as the first argument. */
const SAVED_MARK = '@';

/** What has to be known of a flag to find it among arguments. */
export interface FlagShape {
  readonly name: string;
  readonly char?: string | undefined;
  readonly hasValue: boolean;
  /** It may be given more than once, and each counts. */
  readonly isMultiple: boolean;
}

/** The name of the saved search that the arguments begin with; undefined: none. What follows `--` is words. */
export function savedNameIn(argv: readonly string[]): string | undefined {
  const [first] = argv;
  return first?.startsWith(SAVED_MARK) === true ? first.slice(SAVED_MARK.length) : undefined;
}

/**
 * A saved search and what was typed beside it. A flag that is typed replaces the saved one, unless it is one of those that add
 * up; a time that is typed replaces the saved one whole, because `--since` and `--from` exclude each other.
 */
export function joinArguments(
  saved: readonly string[],
  typed: readonly string[],
  shapes: readonly FlagShape[],
): string[] {
  const added = split(typed);
  const given = added.flags.flatMap((token) => flagIn(token, shapes) ?? []);
  const isTimed = given.some(({ name }) => TIME_STARTS.includes(name));
  const isReplaced = ({ name, isMultiple }: FlagShape): boolean =>
    (isTimed && TIMES.includes(name)) || (!isMultiple && given.some((flag) => flag.name === name));
  const kept = split(withoutFlags(saved, shapes, isReplaced));
  const words = [...kept.words, ...added.words];
  return [...kept.flags, ...added.flags, ...(words.length === 0 ? [] : ['--', ...words])];
}

const TIME_STARTS = ['since', 'from'];
const TIMES = [...TIME_STARTS, 'to'];

/** What is worth saving: neither the request to save it, nor where a page began. */
export function argumentsToSave(argv: readonly string[], shapes: readonly FlagShape[]): string[] {
  return withoutFlags(argv, shapes, ({ name }) => name === 'save' || name === 'after');
}

/** What stands before `--`, and the words behind it. */
function split(argv: readonly string[]): {
  readonly flags: readonly string[];
  readonly words: readonly string[];
} {
  const end = argv.indexOf('--');
  if (end === -1) return { flags: argv, words: [] };
  return { flags: argv.slice(0, end), words: argv.slice(end + 1) };
}

/** Without some flags and their values. */
function withoutFlags(
  argv: readonly string[],
  shapes: readonly FlagShape[],
  isLeftOut: (flag: FlagShape) => boolean,
): string[] {
  const { flags } = split(argv);
  const kept: string[] = [];
  for (let at = 0; at < flags.length; at += 1) {
    const token = flags[at] ?? '';
    const flag = flagIn(token, shapes);
    const size = flag?.hasValue === true && !holdsValue(token) ? 2 : 1;
    if (flag === undefined || !isLeftOut(flag)) kept.push(...flags.slice(at, at + size));
    at += size - 1;
  }
  return [...kept, ...argv.slice(flags.length)];
}

/** The flag that an argument is, with its value or without. */
function flagIn(token: string, shapes: readonly FlagShape[]): FlagShape | undefined {
  if (token.startsWith('--')) {
    const name = token.slice('--'.length).split('=', 1)[0];
    return shapes.find((shape) => shape.name === name);
  }
  if (!token.startsWith('-')) return undefined;
  return shapes.find(({ char }) => char !== undefined && char === token.charAt(1));
}

/** `--limit=5` and `-ojson`; the value of any other stands behind it. */
function holdsValue(token: string): boolean {
  return token.startsWith('--') ? token.includes('=') : token.length > '-o'.length;
}

/** Flags that stand for something by themselves and may be given a value with `=`. */
const OPTIONAL_VALUES: Readonly<Record<string, string>> = {
  '--histogram': 'auto',
  '--facets': 'default',
};

/** `--histogram` as `--histogram=auto`: the parser of flags knows no optional values. `--histogram 5m` is taken as meant. */
export function withValues(argv: readonly string[]): string[] {
  const { flags } = split(argv);
  const filled: string[] = [];
  for (let at = 0; at < flags.length; at += 1) {
    const token = flags[at] ?? '';
    const value = OPTIONAL_VALUES[token];
    const next = flags[at + 1];
    if (value === undefined) filled.push(token);
    else if (token === '--histogram' && next !== undefined && parseDuration(next) !== null) {
      filled.push(`${token}=${next}`);
      at += 1;
    } else filled.push(`${token}=${value}`);
  }
  return [...filled, ...argv.slice(flags.length)];
}
