import { Random } from '../../generate/chance/random.js';

/** A string that was changed once has often been changed again. */
const CHANGED_AGAIN = 0.5;
const LEFT_ALONE = 0.1;

/** So many bytes at most are moved at a time: what is left should still look like what it was. */
const MOVED_BYTES_MAX = 40;

/** Bytes that end, begin or break something, for one reader or another. */
const STRANGE_BYTES = ['\0', '\n', '\r', '\t', '\x1b', '\x7f', '"', '\\', '{', '}', '[', ']', ',']
  .concat([':', '-', '.', 'e', '0', '9', ' ', '\u2028', '\ufeff'])
  .map((text) => Buffer.from(text));

/** Not UTF-8: a byte that never occurs, one that only continues, an overlong NUL, half a surrogate pair, beyond Unicode, cut short. */
const NO_UTF8 = ['ff', '80', 'c080', 'eda080', 'f4908080', 'e282', 'f09f98'].map((hex) =>
  Buffer.from(hex, 'hex'),
);

/** In the place of a value, whatever was there. */
const STRANGE_VALUES = [
  ...['null', 'true', '{}', '[]', '""', 'NaN', 'Infinity', 'nul', "'x'", '/**/1', '01', '+1', '1.'],
  ...['-0', '-1', '1e999', '-1e999', '1e-999', '4294967296', '9223372036854775808', '0x10'],
  ...['18446744073709551615', '18446744073709551616', '9'.repeat(400), `0.${'3'.repeat(400)}`],
  ...[
    '"\\ud800"',
    '"\\udc00\\ud800"',
    '"\\ud83d\\ude00"',
    '"\\u0000"',
    '"\\u00"',
    '"\\x41"',
    '"\\',
  ],
  ...['"\\/\\b\\f\\n\\r\\t"', '{"a":{"b":[1,{"c":null}]}}', '[[1],[2,"x"]]', '{"a":1,"a":2}'],
  ...[
    '"2026-02-30T00:00:00Z"',
    '"0000-00-00T00:00:00Z"',
    '"9999-12-31T23:59:59Z"',
    '"12"',
    '"nan"',
  ],
].map((text) => Buffer.from(text));

/** Names that are known somewhere on the way, for members that come twice or have an unexpected type. */
const KNOWN_NAMES = ['ts', 'kind', 'type', 'level', 'service', 'line', 'message', 'op_id', 'value']
  .concat(['attempt', 'amount', 'duration_ms', 'attrs', '__proto__', '', 'time', 'msg', 'payload'])
  .concat(['after', 'resourceLogs', 'resourceSpans', 'attributes', 'timeUnixNano', 'k\\u0000']);

const DEPTHS = [3, 150, 250, 1_100, 6_000];
const LENGTHS = [200, 5_000, 70_000];
const COLON = 0x3a;
const COMMA = 0x2c;
const CLOSING_BRACE = 0x7d;

/** How often each kind of change is drawn, against the sum of all. */
const WEIGHTS = {
  flipBit: 6,
  putStrangeByte: 6,
  cut: 4,
  remove: 4,
  repeat: 3,
  splice: 4,
  breakUtf8: 3,
  replaceValue: 8,
  addMember: 6,
  nest: 0.4,
  lengthen: 0.3,
};
type Change = keyof typeof WEIGHTS;

const CHANGES = Object.entries(WEIGHTS) as [Change, number][];
const WEIGHT_SUM = CHANGES.reduce((sum, [, weight]) => sum + weight, 0);

/** Makes hostile byte strings of valid ones: the same strings follow the same seed. */
export class ByteMutator {
  readonly #valid: readonly Buffer[];
  readonly #random = new Random();

  constructor(valid: readonly Buffer[], seed: number) {
    this.#valid = valid;
    this.#random.begin(seed);
  }

  next(): Buffer {
    let bytes = this.#pick(this.#valid);
    if (this.#random.chance(LEFT_ALONE)) return bytes;
    do bytes = this.#change(bytes, this.#drawChange());
    while (this.#random.chance(CHANGED_AGAIN));
    return bytes;
  }

  #drawChange(): Change {
    let left = this.#random.unit() * WEIGHT_SUM;
    for (const [change, weight] of CHANGES) if ((left -= weight) < 0) return change;
    return 'flipBit';
  }

  #change(bytes: Buffer, change: Change): Buffer {
    const at = this.#random.below(bytes.length + 1);
    const to = Math.min(bytes.length, at + 1 + this.#random.below(MOVED_BYTES_MAX));
    switch (change) {
      case 'flipBit':
        return this.#flipBit(bytes, at);
      case 'putStrangeByte':
        return replaced(
          bytes,
          { from: at, to: at + this.#random.below(2) },
          this.#pick(STRANGE_BYTES),
        );
      case 'cut':
        return this.#random.chance(0.5) ? bytes.subarray(0, at) : bytes.subarray(at);
      case 'remove':
        return replaced(bytes, { from: at, to }, Buffer.alloc(0));
      case 'repeat':
        return replaced(bytes, { from: at, to: at }, bytes.subarray(at, to));
      case 'splice': {
        const other = this.#pick(this.#valid);
        return Buffer.concat([
          bytes.subarray(0, at),
          other.subarray(this.#random.below(other.length)),
        ]);
      }
      case 'breakUtf8':
        return replaced(bytes, { from: at, to: at }, this.#pick(NO_UTF8));
      case 'replaceValue':
        return this.#replaceValue(bytes, this.#pick(STRANGE_VALUES));
      case 'addMember':
        return this.#addMember(bytes);
      case 'nest':
        return this.#replaceValue(bytes, this.#nested());
      case 'lengthen':
        return this.#replaceValue(bytes, Buffer.from(`"${'x'.repeat(this.#pick(LENGTHS))}"`));
    }
  }

  #flipBit(bytes: Buffer, at: number): Buffer {
    if (at >= bytes.length) return bytes;
    const flipped = Buffer.from(bytes);
    flipped[at] = (flipped[at] ?? 0) ^ (1 << this.#random.below(8));
    return flipped;
  }

  /** From some colon to what ends the value behind it, or nearly so: strings may hold both. */
  #replaceValue(bytes: Buffer, value: Buffer): Buffer {
    const colon = bytes.indexOf(COLON, this.#random.below(bytes.length + 1));
    if (colon === -1) return bytes;
    const ends = [COMMA, CLOSING_BRACE].map((end) => bytes.indexOf(end, colon));
    const to = Math.min(...ends.filter((end) => end !== -1), bytes.length);
    return replaced(bytes, { from: colon + 1, to }, value);
  }

  /** Behind the first brace, so that the name of an own field comes twice. */
  #addMember(bytes: Buffer): Buffer {
    const name = `"${this.#pick(KNOWN_NAMES)}":`;
    const member = Buffer.concat([Buffer.from(name), this.#pick(STRANGE_VALUES), Buffer.from(',')]);
    const at = bytes.indexOf('{') + 1;
    return replaced(bytes, { from: at, to: at }, member);
  }

  #nested(): Buffer {
    const depth = this.#pick(DEPTHS);
    const [open, close] = this.#random.chance(0.5) ? ['[', ']'] : ['{"a":', '}'];
    return Buffer.from(
      `${open.repeat(depth)}1${this.#random.chance(0.8) ? close.repeat(depth) : ''}`,
    );
  }

  #pick<T>(of: readonly T[]): T {
    const picked = of[this.#random.below(of.length)];
    if (picked === undefined) throw new Error('BUG: nothing to pick from');
    return picked;
  }
}

function replaced(
  bytes: Buffer,
  { from, to }: { readonly from: number; readonly to: number },
  by: Buffer,
): Buffer {
  return Buffer.concat([bytes.subarray(0, from), by, bytes.subarray(to)]);
}
