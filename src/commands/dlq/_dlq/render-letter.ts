import { isUtf8 } from 'node:buffer';
import { findJsonBreak } from '../../../engine/dead-letter/broken-json.js';
import { nameOfPlace, type DeadLetter } from '../../../engine/model/dead-letter.js';
import { formatLocal } from '../../../engine/time/format.js';
import { sanitizeText } from '../../_cli/sanitize.js';
import { clipText, widthOf, wrapText } from '../../_cli/text-width.js';
import { explainReason } from './explain-reason.js';
import { byteText, visibleBytes } from './letter-text.js';
import type { QueuedLetter } from './queued-letter.js';
import type { Canvas } from './render-groups.js';

/** All that is known of a letter. */
export interface LetterShown {
  readonly letter: DeadLetter;
  readonly queued: QueuedLetter;
}

/** What and where it is, where its JSON breaks, and its bytes: as text where they are text, else byte by byte. */
export function renderLetter(shown: LetterShown, canvas: Canvas): string {
  const { raw } = shown.letter;
  const parts = [renderFacts(shown, canvas), renderBreak(raw, canvas), renderBytes(raw, canvas)];
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}

const NS_PER_MS = 1_000_000n;

/** Longest value of a fact, in lines. */
const FACT_LINES_MAX = 4;

function renderFacts({ letter, queued }: LetterShown, { terminal, zone }: Canvas): string {
  const { paint, width } = terminal;
  const at = (ms: number): string => {
    const { date, time, offset } = formatLocal(BigInt(ms) * NS_PER_MS, zone);
    return `${date} ${time}${offset}`;
  };
  const facts: (readonly [string, string])[] = [
    [
      'place',
      `${sanitizeText(nameOfPlace(letter))}${letter.epoch > 1 ? ` (life ${letter.epoch} of the topic)` : ''}`,
    ],
    ['reason', `${letter.reason}: ${explainReason(letter.reason)}`],
    ['state', letter.state === 'replayed' ? 'replayed: it is in the queue again' : 'waiting'],
    ['time', at(letter.timeMs)],
    ['stored', at(letter.storedAtMs)],
    ['key', letter.key.length === 0 ? '(none)' : visibleBytes(letter.key)],
    ['producer', letter.producer === '' ? '(its bytes name none)' : sanitizeText(letter.producer)],
    ['size', sizeOf(letter, queued)],
    ['headers', headersOf(queued)],
  ];
  const nameWidth = facts.reduce((most, [name]) => Math.max(most, name.length), 0) + 2;
  return facts
    .map(([name, value]) => {
      const lines = wrapText(value, Math.max(20, width - nameWidth), FACT_LINES_MAX);
      const indented = lines.join(`\n${' '.repeat(nameWidth)}`);
      const isReason = name === 'reason';
      return `${paint('dim', name.padEnd(nameWidth))}${isReason ? paint('magenta', indented) : indented}`;
    })
    .join('\n');
}

function sizeOf({ size }: DeadLetter, queued: QueuedLetter): string {
  const whole = queued.kind === 'found' ? (queued.record.value?.length ?? 0) : size;
  if (whole === size) return byteText(size);
  return `${byteText(whole)}, of which the first ${byteText(size)} are stored`;
}

function headersOf(queued: QueuedLetter): string {
  if (queued.kind === 'gone') return `(not known: ${sanitizeText(queued.why)})`;
  const headers = Object.entries(queued.record.headers ?? {});
  if (headers.length === 0) return '(none)';
  return headers.map(([name, value]) => `${sanitizeText(name)}=${sanitizeText(value)}`).join(' ');
}

/** Columns left of the caret that show what stands before it. */
const BEFORE_BREAK_MAX = 50;

function renderBreak(raw: Buffer, { terminal }: Canvas): string {
  const { paint, width } = terminal;
  const found = findJsonBreak(raw);
  if (found === undefined) return '';
  const place = `line ${found.line}, column ${found.column} (byte ${found.at})`;
  const said = `Its JSON breaks at ${place}: expected ${found.expected}`;
  // Around the break, in its line; the part before it is cut from the left, so that the caret stands under it.
  const lineStart = found.at === 0 ? 0 : raw.lastIndexOf(LINE_FEED, found.at - 1) + 1;
  const lineEnd = raw.indexOf(LINE_FEED, found.at);
  const beforeWhole = visibleBytes(
    raw.subarray(Math.max(lineStart, found.at - 4 * BEFORE_BREAK_MAX), found.at),
  );
  const before = lastColumns(beforeWhole, Math.min(BEFORE_BREAK_MAX, width - 20));
  const rest = raw.subarray(found.at, lineEnd === -1 ? raw.length : lineEnd);
  const after = clipText(
    visibleBytes(rest.subarray(0, 4 * width)),
    Math.max(1, width - 2 - widthOf(before)),
  );
  const caret = `${' '.repeat(2 + widthOf(before))}${paint('red', '^')}`;
  return [paint('yellow', said), `  ${before}${after}`, caret].join('\n');
}

const LINE_FEED = 10;

/** The end of a text that fits, with an ellipsis where something was cut. */
function lastColumns(text: string, columns: number): string {
  if (widthOf(text) <= columns) return text;
  const characters = Array.from(text);
  while (widthOf(characters.join('')) > columns - 1) characters.shift();
  return `…${characters.join('')}`;
}

/** A person reads no more of it on a terminal; all of it is written by --raw. */
const TEXT_BYTES_MAX = 4_096;
const DUMP_BYTES_MAX = 512;

function renderBytes(raw: Buffer, { terminal }: Canvas): string {
  const { paint } = terminal;
  if (raw.length === 0) return paint('dim', '(no bytes)');
  const isText = isReadable(raw);
  const max = isText ? TEXT_BYTES_MAX : DUMP_BYTES_MAX;
  const head = raw.subarray(0, max);
  const body = isText
    ? sanitizeText(head.toString('utf8'), { keepLineBreaks: true }).trimEnd()
    : hexdump(head);
  const rest = raw.length - head.length;
  return rest === 0 ? body : `${body}\n${paint('dim', `… and ${byteText(rest)} more: --raw`)}`;
}

/** Control characters in one of so many: below that it is a text with some of them in it. */
const CONTROL_SHARE_MAX = 0.1;

function isReadable(raw: Buffer): boolean {
  if (!isUtf8(raw)) return false;
  let controls = 0;
  for (const byte of raw) if (byte < 32 && byte !== 9 && byte !== 10 && byte !== 13) controls += 1;
  return controls <= raw.length * CONTROL_SHARE_MAX;
}

const DUMP_ROW_BYTES = 16;

/** `00000000  7b 22 …  |{"…|`, as hexdump -C writes it. */
function hexdump(bytes: Buffer): string {
  const rows: string[] = [];
  for (let at = 0; at < bytes.length; at += DUMP_ROW_BYTES) {
    const row = [...bytes.subarray(at, at + DUMP_ROW_BYTES)];
    const hex = row.map((byte) => byte.toString(16).padStart(2, '0'));
    const halves = [hex.slice(0, 8).join(' '), hex.slice(8).join(' ')].join('  ');
    const text = row.map((byte) => (byte >= 32 && byte < 127 ? String.fromCharCode(byte) : '.'));
    rows.push(`${at.toString(16).padStart(8, '0')}  ${halves.padEnd(48)}  |${text.join('')}|`);
  }
  return rows.join('\n');
}
