import { isUtf8 } from 'node:buffer';

/** Where bytes that were meant as JSON stop being it. */
export interface JsonBreak {
  /** Index of the first byte that does not fit; the length where something is missing at the end. */
  readonly at: number;
  /** From 1; columns count characters. */
  readonly line: number;
  readonly column: number;
  /** What could have stood there. */
  readonly expected: string;
}

const NAMES = {
  value: 'a value',
  firstKey: 'a name in double quotes or "}"',
  key: 'a name in double quotes',
  colon: '":"',
  nextOfObject: '"," or "}"',
  nextOfArray: '"," or "]"',
  firstItem: 'a value or "]"',
  end: 'the end',
} as const;

/**
 * The place where bytes break off being JSON, or undefined for whole JSON and for what does not begin like an object or a list and
 * so was never meant as such. One pass without recursion: a megabyte of brackets is no danger.
 */
export function findJsonBreak(bytes: Buffer): JsonBreak | undefined {
  const text = bytes.toString('latin1');
  const first = /\S/u.exec(text)?.[0];
  if (first !== '{' && first !== '[') return undefined;
  const found = earliest(new Scanner(text).run(), findNoUtf8(bytes));
  return found && { ...found, ...placeOf(bytes, found.at) };
}

type Awaited = keyof typeof NAMES;

interface Fault {
  readonly at: number;
  readonly expected: string;
}

const BLANK = /[ \t\n\r]*/uy;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/uy;
const WORD = /true|false|null/uy;
/** The part of a text up to what may not stand in it, or to its closing quote. */
const TEXT_PART = /(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*/uy; // eslint-disable-line no-control-regex -- JSON forbids them

class Scanner {
  readonly #text: string;
  readonly #open: ('{' | '[')[] = [];
  #at = 0;
  #awaited: Awaited = 'value';

  constructor(text: string) {
    this.#text = text;
  }

  run(): Fault | undefined {
    for (;;) {
      this.#skip(BLANK);
      const character = this.#text[this.#at];
      if (character === undefined) {
        return this.#awaited === 'end' ? undefined : this.#fault(NAMES[this.#awaited]);
      }
      const fault = this.#step(character);
      if (fault !== undefined) return fault;
    }
  }

  #step(character: string): Fault | undefined {
    switch (this.#awaited) {
      case 'value':
        return this.#value(character);
      case 'firstItem':
        return character === ']' ? this.#close() : this.#value(character);
      case 'firstKey':
        return character === '}' ? this.#close() : this.#key(character);
      case 'key':
        return this.#key(character);
      case 'colon':
        return character === ':' ? this.#pass('value') : this.#fault(NAMES.colon);
      case 'nextOfObject':
        if (character === '}') return this.#close();
        return character === ',' ? this.#pass('key') : this.#fault(NAMES.nextOfObject);
      case 'nextOfArray':
        if (character === ']') return this.#close();
        return character === ',' ? this.#pass('value') : this.#fault(NAMES.nextOfArray);
      case 'end':
        return this.#fault(NAMES.end);
    }
  }

  #value(character: string): Fault | undefined {
    if (character === '{' || character === '[') {
      this.#open.push(character);
      return this.#pass(character === '{' ? 'firstKey' : 'firstItem');
    }
    if (character === '"') return this.#string(this.#afterValue());
    if (!this.#skip(NUMBER) && !this.#skip(WORD)) return this.#fault(NAMES[this.#awaited]);
    this.#awaited = this.#afterValue();
    return undefined;
  }

  #key(character: string): Fault | undefined {
    return character === '"' ? this.#string('colon') : this.#fault(NAMES[this.#awaited]);
  }

  #string(next: Awaited): Fault | undefined {
    this.#at += 1;
    this.#skip(TEXT_PART);
    const end = this.#text[this.#at];
    if (end === '"') return this.#pass(next);
    if (end === undefined) return this.#fault('a closing double quote');
    const what = end === '\\' ? 'an escape that JSON knows' : 'no raw control character in a text';
    return this.#fault(what);
  }

  #close(): Fault | undefined {
    this.#open.pop();
    return this.#pass(this.#afterValue());
  }

  #afterValue(): Awaited {
    const around = this.#open.at(-1);
    if (around === undefined) return 'end';
    return around === '{' ? 'nextOfObject' : 'nextOfArray';
  }

  #pass(next: Awaited): Fault | undefined {
    this.#at += 1;
    this.#awaited = next;
    return undefined;
  }

  /** Moves on over what matches here; false when that is nothing. */
  #skip(pattern: RegExp): boolean {
    pattern.lastIndex = this.#at;
    const length = pattern.exec(this.#text)?.[0].length ?? 0;
    this.#at += length;
    return length > 0;
  }

  #fault(expected: string): Fault {
    return { at: this.#at, expected };
  }
}

function earliest(a: Fault | undefined, b: Fault | undefined): Fault | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return b.at < a.at ? b : a;
}

/** A store refuses JSON with such bytes, too. */
function findNoUtf8(bytes: Buffer): Fault | undefined {
  if (isUtf8(bytes)) return undefined;
  // The longest start that may still become UTF-8, by halves.
  let good = 0;
  let bad = bytes.length;
  while (bad - good > 1) {
    const middle = Math.floor((good + bad) / 2);
    if (isUtf8Start(bytes.subarray(0, middle))) good = middle;
    else bad = middle;
  }
  return { at: good, expected: 'UTF-8' };
}

function isUtf8Start(bytes: Buffer): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: true });
    return true;
  } catch {
    return false;
  }
}

const LINE_FEED = 10;

function placeOf(bytes: Buffer, at: number): { readonly line: number; readonly column: number } {
  const start = at === 0 ? 0 : bytes.lastIndexOf(LINE_FEED, at - 1) + 1;
  let line = 1;
  for (let index = 0; index < start; index += 1) if (bytes[index] === LINE_FEED) line += 1;
  return { line, column: Array.from(bytes.subarray(start, at).toString('utf8')).length + 1 };
}
