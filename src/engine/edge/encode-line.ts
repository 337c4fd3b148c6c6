import { isUtf8 } from 'node:buffer';
import { BACKFILL_HEADER, VALUE_BYTES_MAX } from '../model/limit.js';
import type { QueueMessage } from '../model/queue.js';
import { isObject } from './format/common-names.js';
import type { EventFields, LineFormat } from './line-format.js';
import type { SplitLine } from './line-splitter.js';

/** Why a line was not sent, or not as what it was meant to be. A small fixed set: they become labels. */
export type LineReason = 'blank' | 'line_too_large' | 'unparsed' | 'invalid_utf8';

export interface EncodeOptions {
  readonly format: LineFormat;
  /** Laid over every event: an event's field, or else an attribute. */
  readonly set: EventFields;
  readonly isBackfill: boolean;
}

/** What became of a line. `unparsed` and `invalid_utf8` lines are sent too, as text and with what could be read. */
export interface EncodedLine {
  readonly messages: readonly QueueMessage[];
  readonly reason: LineReason | undefined;
}

/** Turns a line into messages for the queue. Nothing throws, and nothing but blank and oversized lines is left out. */
export function createEncodeLine(options: EncodeOptions): (line: SplitLine) => EncodedLine {
  const { format } = options;
  const isUntouched = format.name === 'atbd' && Object.keys(options.set).length === 0;
  const headers = options.isBackfill ? { [BACKFILL_HEADER]: '1' } : undefined;
  const toMessage = (key: string | null, value: string | Buffer): QueueMessage =>
    headers === undefined ? { key, value } : { key, value, headers };

  return function encodeLine(line) {
    if (line.kind === 'tooLarge') return { messages: [], reason: 'line_too_large' };
    const { bytes } = line;
    if (isBlank(bytes)) return { messages: [], reason: 'blank' };
    const isText = isUtf8(bytes);
    // Fast path: our own event goes on as the bytes it came as; the store reads it, and keeps it as a dead letter when it is broken.
    if (isUntouched && isText && bytes[0] === OPENING_BRACE && bytes.at(-1) === CLOSING_BRACE) {
      return { messages: [toMessage(quickOpId(bytes), bytes)], reason: undefined };
    }
    const text = bytes.toString('utf8');
    const decoded = format.decode(text);
    const events =
      decoded.kind === 'events'
        ? decoded.events
        : [{ kind: 'log', message: text, attrs: { unparsed: format.name } }];
    const messages = events.map((event) => {
      const marked = isText ? event : withAttr(event, 'invalid_utf8', 'replaced');
      const whole = layOver(marked, options.set);
      return toMessage(opIdOf(whole), JSON.stringify(whole));
    });
    // Written out as JSON a line can be six times as long: NULs, for example.
    if (messages.some(isTooLarge)) return { messages: [], reason: 'line_too_large' };
    if (decoded.kind === 'unparsed') return { messages, reason: 'unparsed' };
    return { messages, reason: isText ? undefined : 'invalid_utf8' };
  };
}

const OPENING_BRACE = 0x7b;
const CLOSING_BRACE = 0x7d;

function isBlank(bytes: Buffer): boolean {
  for (const byte of bytes) if (byte !== 0x20 && byte !== 0x09) return false;
  return true;
}

function isTooLarge({ value }: QueueMessage): boolean {
  return value !== null && Buffer.byteLength(value) > VALUE_BYTES_MAX;
}

const OP_ID = Buffer.from('"op_id"');
const COLON = 0x3a;
const SPACE = 0x20;
const QUOTE = 0x22;

/** The op_id for the partition only: a wrong guess (a nested one) costs order across services, never data. */
function quickOpId(bytes: Buffer): string | null {
  const at = bytes.indexOf(OP_ID);
  if (at === -1) return null;
  let start = at + OP_ID.length;
  // Many writers put a space behind the colon.
  while (bytes[start] === SPACE || bytes[start] === COLON) start += 1;
  if (bytes[start] !== QUOTE) return null;
  const end = bytes.indexOf(QUOTE, start + 1);
  return end > start + 1 ? bytes.toString('latin1', start + 1, end) : null;
}

function opIdOf(event: EventFields): string | null {
  const id = event['op_id'];
  return typeof id === 'string' && id !== '' ? id : null;
}

function withAttr(event: EventFields, name: string, value: string): EventFields {
  return { ...event, attrs: { ...attrsOf(event), [name]: value } };
}

function layOver(event: EventFields, set: EventFields): EventFields {
  const { attrs, ...fields } = set;
  const whole = { ...event, ...fields };
  if (!isObject(attrs)) return whole;
  return { ...whole, attrs: { ...attrsOf(event), ...attrs } };
}

/** An `attrs` that is no object is kept, under its own name. */
function attrsOf({ attrs }: EventFields): EventFields {
  if (isObject(attrs)) return attrs;
  return attrs === undefined ? {} : { attrs };
}
