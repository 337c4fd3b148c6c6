import {
  isMap,
  isNode,
  isScalar,
  LineCounter,
  parseDocument,
  type Document,
  type Node,
} from 'yaml';
import type { z } from 'zod';
import { AtbdError, type ErrorCode } from '../../../engine/model/error.js';

/** At most this many mistakes are named at once: more do not fit a screen. */
const MISTAKES_MAX = 5;

/** How a mistake in a file is told. */
export interface YamlWords {
  readonly code: ErrorCode;
  /** What the file is, as in "cannot use the settings". */
  readonly what: string;
  readonly hint: string;
}

const SETTINGS: YamlWords = {
  code: 'CONFIG_INVALID',
  what: 'the settings',
  hint: 'Correct the file, or have a look at `atbd context set --help`.',
};

/** Checks the text of a YAML file; every mistake is reported as `file:line:column`. */
export function parseYaml<T>(
  path: string,
  text: string,
  schema: z.ZodType<T>,
  words: YamlWords = SETTINGS,
): T {
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { lineCounter, prettyErrors: false });
  const place = (offset: number): string => {
    const { line, col } = lineCounter.linePos(offset);
    return `${path}:${line}:${col}`;
  };
  if (document.errors.length > 0) {
    const mistakes = document.errors.map((at) => `${place(at.pos[0])} ${at.message}`);
    throw invalid(path, mistakes, words);
  }
  const result = schema.safeParse(document.toJS() ?? {});
  if (result.success) return result.data;
  const mistakes = result.error.issues.flatMap((issue) => mistakesOf(issue, document, place));
  throw invalid(path, mistakes, words);
}

function mistakesOf(
  issue: z.core.$ZodIssue,
  document: Document,
  place: (offset: number) => string,
): string[] {
  const dotted = issue.path.join('.');
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => {
      const at = place(keyOffset(document, [...issue.path, key]));
      return `${at} ${[...issue.path, key].join('.')}: ${unknownKey(key)}`;
    });
  }
  if (issue.code === 'invalid_union') {
    // Of several forms the one that the value has: what is wrong within it has a place of its own.
    const meant = issue.errors.find((issues) => !issues.some(isOtherKind));
    const inner = meant?.map((each) => ({ ...each, path: [...issue.path, ...each.path] }));
    if (inner !== undefined && inner.length > 0) {
      return inner.flatMap((each) => mistakesOf(each, document, place));
    }
  }
  // The record reports a bad key at the key's own path, with what is wrong in the nested issue.
  const message = issue.code === 'invalid_key' ? issue.issues[0]?.message : issue.message;
  const offset =
    issue.code === 'invalid_key'
      ? keyOffset(document, issue.path)
      : valueOffset(document, issue.path);
  return [`${place(offset)} ${dotted === '' ? 'file' : dotted}: ${message ?? 'is not valid'}`];
}

/** Whether the value is not even of the kind that was looked for. */
function isOtherKind({ code, path }: z.core.$ZodIssue): boolean {
  return code === 'invalid_type' && path.length === 0;
}

function unknownKey(key: string): string {
  if (key === 'password') return 'passwords are not kept here: use passwordEnv or passwordFile';
  return 'there is no such setting';
}

/** Where the value stands; of a missing value, where the nearest parent that exists stands. */
function valueOffset(document: Document, path: readonly PropertyKey[]): number {
  for (let length = path.length; length > 0; length--) {
    const node = document.getIn(path.slice(0, length), true);
    if (isNode(node)) return startOf(node);
  }
  return document.contents === null ? 0 : startOf(document.contents);
}

function keyOffset(document: Document, path: readonly PropertyKey[]): number {
  const parent: unknown =
    path.length === 1 ? document.contents : document.getIn(path.slice(0, -1), true);
  if (isMap(parent)) {
    for (const { key } of parent.items) {
      if (isScalar(key) && String(key.value) === String(path.at(-1))) return startOf(key);
    }
  }
  return valueOffset(document, path);
}

function startOf(node: Node): number {
  return node.range?.[0] ?? 0;
}

function invalid(
  path: string,
  mistakes: readonly string[],
  { code, what, hint }: YamlWords,
): AtbdError {
  const shown = mistakes.slice(0, MISTAKES_MAX);
  const rest = mistakes.length - shown.length;
  if (rest > 0) shown.push(`and ${rest} more`);
  return new AtbdError({
    code,
    message:
      shown.length === 1
        ? `cannot use ${what}: ${shown.join('')}`
        : `cannot use ${what} in ${path}:\n  ${shown.join('\n  ')}`,
    hint,
  });
}
