import { isUtf8 } from 'node:buffer';
import { BACKFILL_HEADER, OVERSIZED_SAMPLE_BYTES, VALUE_BYTES_MAX } from '../model/limit.js';
import type { QueueMessage } from '../model/queue.js';
import { OpenEvent } from './continuation.js';
import { attrsOf, withAttr } from './event-attr.js';
import { eventJson } from './event-json.js';
import { isObject } from './format/common-names.js';
import type { Decoded, EventFields, LineFormat } from './line-format.js';
import type { SplitLine } from './line-splitter.js';

/**
 * What was noted of a line, besides that it is an event: left out (`blank`), a part of the event before it (`joined`),
 * or sent, but not as what it was meant to be. A small fixed set: they become labels.
 */
export type LineReason =
  'blank' | 'joined' | 'line_too_large' | 'unparsed' | 'invalid_time' | 'invalid_utf8';

export interface EncodeOptions {
  readonly format: LineFormat;
  /** Laid over every event: an event's field, or else an attribute. */
  readonly set: EventFields;
  /** Events with one value of this field (or attribute) keep their order. */
  readonly keyField: string;
  /** Whether lines that continue an event are joined to it. */
  readonly isMultiline: boolean;
  readonly isBackfill: boolean;
}

/** What is noted of a line is counted here, at most one reason a line. */
type CountReason = (reason: LineReason) => void;

const NOTHING: readonly QueueMessage[] = [];

/** Turns lines into messages for the queue. Nothing throws, and nothing but blank lines is left out. */
export class LineEncoder {
  readonly #options: EncodeOptions;
  readonly #count: CountReason;
  readonly #isUntouched: boolean;
  readonly #isSet: boolean;
  readonly #quickKey: Buffer;
  readonly #headers: Readonly<Record<string, string>> | undefined;
  /** The last event of a format whose events can take several lines. */
  #open: OpenEvent | undefined;

  constructor(options: EncodeOptions, count: CountReason) {
    this.#options = options;
    this.#count = count;
    this.#isSet = Object.keys(options.set).length > 0;
    this.#isUntouched = options.format.name === 'atbd' && !this.#isSet;
    this.#quickKey = Buffer.from(`"${options.keyField}"`);
    this.#headers = options.isBackfill ? { [BACKFILL_HEADER]: '1' } : undefined;
  }

  /** The messages that are whole now: the line's own, or that of an event which this line does not continue. */
  take(line: SplitLine): readonly QueueMessage[] {
    if (line.kind === 'tooLarge') return [...this.flush(), this.#oversized(line)];
    const { bytes } = line;
    if (isBlank(bytes)) {
      this.#count('blank');
      return NOTHING;
    }
    const isText = isUtf8(bytes);
    // Fast path: our own event goes on as the bytes it came as; the store reads it, and keeps it as a dead letter when it is broken.
    if (
      this.#isUntouched &&
      isText &&
      bytes[0] === OPENING_BRACE &&
      bytes[bytes.length - 1] === CLOSING_BRACE
    ) {
      return [this.#toMessage(quickKey(bytes, this.#quickKey), bytes)];
    }
    return this.#takeText(bytes.toString('utf8'), isText);
  }

  /** The event that waits for lines that continue it, which do not come. */
  flush(): readonly QueueMessage[] {
    const open = this.#open;
    if (open === undefined) return NOTHING;
    this.#open = undefined;
    return [this.#encode(open.close(), open.isText)];
  }

  /** Whether an event waits. */
  get isWaiting(): boolean {
    return this.#open !== undefined;
  }

  #takeText(text: string, isText: boolean): readonly QueueMessage[] {
    const { format, isMultiline } = this.#options;
    const decoded = format.decode(text);
    const canBeJoined = isMultiline && format.continuation !== 'never';
    if (canBeJoined && this.#isContinuation(text, decoded)) {
      const open = this.#open;
      if (open?.hasRoomFor(text) === true) {
        open.join(text, { isText });
        this.#count(isText ? 'joined' : 'invalid_utf8');
        return NOTHING;
      }
    }
    const before = this.flush();
    if (decoded.kind === 'unparsed') {
      this.#count('unparsed');
      return [...before, this.#encode(asPlainText(text, format), isText)];
    }
    if (decoded.isTimeUnread) this.#count('invalid_time');
    else if (!isText) this.#count('invalid_utf8');
    const { events } = decoded;
    const [event] = events;
    if (canBeJoined && events.length === 1 && event !== undefined) {
      this.#open = new OpenEvent(event, { text, isText });
      return before;
    }
    return [...before, ...events.map((each) => this.#encode(each, isText))];
  }

  #isContinuation(text: string, decoded: Decoded): boolean {
    if (this.#open === undefined) return false;
    return this.#options.format.continuation === 'unparsed'
      ? decoded.kind === 'unparsed'
      : this.#open.isContinuedBy(text);
  }

  #encode(event: EventFields, isText: boolean): QueueMessage {
    const { set, keyField } = this.#options;
    const marked = isText ? event : withAttr(event, 'invalid_utf8', 'replaced');
    const whole = this.#isSet ? layOver(marked, set) : marked;
    const value = eventJson(whole);
    const message = this.#toMessage(keyOf(whole, keyField), value);
    // Written out as JSON a line can be six times as long: NULs, for example.
    if (!isTooLarge(value)) return message;
    const sample = Buffer.from(value).subarray(0, OVERSIZED_SAMPLE_BYTES);
    return this.#oversized({ byteCount: Buffer.byteLength(value), sample });
  }

  /** Stands for a line that cannot be an event: its start, and how long it was. */
  #oversized({
    byteCount,
    sample,
  }: {
    readonly byteCount: number;
    readonly sample: Buffer;
  }): QueueMessage {
    this.#count('line_too_large');
    const message = sample.toString('utf8');
    const stub = { kind: 'log', message, attrs: { line_too_large: byteCount } };
    return this.#toMessage(null, JSON.stringify(layOver(stub, this.#options.set)));
  }

  #toMessage(key: string | null, value: string | Buffer): QueueMessage {
    const headers = this.#headers;
    return headers === undefined ? { key, value } : { key, value, headers };
  }
}

function asPlainText(text: string, { name }: LineFormat): EventFields {
  return { kind: 'log', message: text, attrs: { unparsed: name } };
}

const OPENING_BRACE = 0x7b;
const CLOSING_BRACE = 0x7d;

function isBlank(bytes: Buffer): boolean {
  for (const byte of bytes) if (byte !== 0x20 && byte !== 0x09) return false;
  return true;
}

/** Counts bytes only where the length leaves it open. */
function isTooLarge(value: string): boolean {
  return (
    value.length * UTF8_BYTES_MAX > VALUE_BYTES_MAX && Buffer.byteLength(value) > VALUE_BYTES_MAX
  );
}

/** Of one UTF-16 unit. */
const UTF8_BYTES_MAX = 3;

const COLON = 0x3a;
const SPACE = 0x20;
const QUOTE = 0x22;

/** The key for the partition only: a wrong guess (a nested one) costs order across services, never data. */
function quickKey(bytes: Buffer, quotedName: Buffer): string | null {
  const at = bytes.indexOf(quotedName);
  if (at === -1) return null;
  let start = at + quotedName.length;
  // Many writers put a space behind the colon.
  while (bytes[start] === SPACE || bytes[start] === COLON) start += 1;
  if (bytes[start] !== QUOTE) return null;
  const end = bytes.indexOf(QUOTE, start + 1);
  return end > start + 1 ? bytes.toString('latin1', start + 1, end) : null;
}

/** A text of the field, or of the attribute of that name; null where there is none, and any partition will do. */
function keyOf(event: EventFields, field: string): string | null {
  const key = event[field] ?? (isObject(event['attrs']) ? event['attrs'][field] : undefined);
  if (typeof key === 'number') return String(key);
  return typeof key === 'string' && key !== '' ? key : null;
}

function layOver(event: EventFields, set: EventFields): EventFields {
  const { attrs, ...fields } = set;
  const whole = { ...event, ...fields };
  if (!isObject(attrs)) return whole;
  return { ...whole, attrs: { ...attrsOf(event), ...attrs } };
}
