import type { CompletedCommand, CompletedFlag } from './completed-command.js';
import { valuesOfArgs, valuesOfFlag, type WantedValues } from './wanted-values.js';

/** What the last word may become. */
export interface Completion {
  readonly value: string;
  /** One line; empty where the value says all. */
  readonly text: string;
}

type Read = (wanted: WantedValues) => Promise<readonly string[]>;

/**
 * What the last word may become, in the order in which it is offered. `read` looks up what the commands themselves do not know, and
 * is asked for nothing that the last word does not need.
 */
export async function completions(
  commands: readonly CompletedCommand[],
  line: readonly string[],
  read: Read,
): Promise<Completion[]> {
  // bash parts --flag=value into three words.
  const words = line.filter((word) => word !== '=');
  const last = line.at(-1) === '=' ? '' : (words.pop() ?? '');
  const visible = commands.filter(({ hidden }) => hidden !== true);
  const [, inline, value] = /^(?<flag>--[\w-]+)=(?<value>.*)$/su.exec(last) ?? [];
  if (inline !== undefined) {
    const found = await offer(visible, [...words, inline], { last: value ?? '', read });
    return found.map((each) => ({ ...each, value: `${inline}=${each.value}` }));
  }
  return offer(visible, words, { last, read });
}

async function offer(
  commands: readonly CompletedCommand[],
  words: readonly string[],
  { last, read }: { readonly last: string; readonly read: Read },
): Promise<Completion[]> {
  const command = namedCommand(commands, words);
  const found = command === undefined ? [] : await offerOf(command, words, { last, read });
  return [...subcommands(commands, words), ...found].filter(({ value }) => value.startsWith(last));
}

async function offerOf(
  command: CompletedCommand,
  words: readonly string[],
  { last, read }: { readonly last: string; readonly read: Read },
): Promise<Completion[]> {
  const [name, flag] = awaitingFlag(command, words.at(-1) ?? '') ?? [];
  if (name !== undefined && flag !== undefined)
    return bare(flag.options ?? (await lookUp(valuesOfFlag(name, flag, last), read)));
  if (last.startsWith('-')) return flagsOf(command);
  const fixed = Object.values(command.args).flatMap(({ options }) => options ?? []);
  return bare([...fixed, ...(await lookUp(valuesOfArgs(command, last), read))]);
}

/** The command that the words begin with; the longest of those that fit. */
function namedCommand(
  commands: readonly CompletedCommand[],
  words: readonly string[],
): CompletedCommand | undefined {
  const fits = ({ id }: CompletedCommand): boolean =>
    id.split(':').every((word, at) => words[at] === word);
  return commands.filter(fits).toSorted((a, b) => b.id.length - a.id.length)[0];
}

/** The flag whose value comes next. */
function awaitingFlag(
  { flags }: CompletedCommand,
  before: string,
): [string, CompletedFlag] | undefined {
  return Object.entries(flags).find(
    ([name, { type, char }]) =>
      type === 'option' &&
      (before === `--${name}` || (char !== undefined && before === `-${char}`)),
  );
}

/** Next words of commands that begin with exactly these; a topic names what stands below it. */
function subcommands(
  commands: readonly CompletedCommand[],
  words: readonly string[],
): Completion[] {
  const texts = new Map<string, string[]>();
  for (const { id, summary = '' } of commands) {
    const parts = id.split(':');
    const next = parts[words.length];
    if (next === undefined || !words.every((word, at) => parts[at] === word)) continue;
    const below = parts[words.length + 1];
    texts.set(next, [...(texts.get(next) ?? []), below ?? oneLine(summary)]);
  }
  return [...texts].map(([value, parts]) => ({ value, text: [...new Set(parts)].join(', ') }));
}

function flagsOf({ flags }: CompletedCommand): Completion[] {
  return Object.entries(flags)
    .filter(([, { hidden }]) => hidden !== true)
    .flatMap(([name, { summary, description, allowNo }]) => {
      const text = oneLine(summary ?? description ?? '');
      const negated = { value: `--no-${name}`, text };
      return [{ value: `--${name}`, text }, ...(allowNo === true ? [negated] : [])];
    });
}

async function lookUp(wanted: readonly WantedValues[], read: Read): Promise<string[]> {
  return (await Promise.all(wanted.map(read))).flat();
}

function bare(values: readonly string[]): Completion[] {
  return values.map((value) => ({ value, text: '' }));
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/gu, ' ').trim();
}
