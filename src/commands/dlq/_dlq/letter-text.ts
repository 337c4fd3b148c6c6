import { isUtf8 } from 'node:buffer';
import type { LetterPlace, LetterSummary } from '../../../engine/model/dead-letter.js';
import { nameOfPlace } from '../../../engine/model/dead-letter.js';
import { formatLocal } from '../../../engine/time/format.js';
import type { Zone } from '../../../engine/time/zone.js';
import { sanitizeText } from '../../_cli/sanitize.js';
import { sizeText } from '../../_cli/size-text.js';

const NS_PER_MS = 1_000_000n;

/** Bytes for one line of a terminal: text made visible, each byte that is no UTF-8 as its code. */
export function visibleBytes(bytes: Buffer): string {
  if (isUtf8(bytes)) return sanitizeText(bytes.toString('utf8'));
  let shown = '';
  for (let at = 0; at < bytes.length;) {
    const length = characterLength(bytes, at);
    if (length === 0) {
      shown += `<${(bytes[at] ?? 0).toString(16).toUpperCase().padStart(2, '0')}>`;
      at += 1;
      continue;
    }
    shown += bytes.toString('utf8', at, at + length);
    at += length;
  }
  return sanitizeText(shown);
}

/** How many bytes the character that begins here takes; 0 where none does. */
function characterLength(bytes: Buffer, at: number): number {
  for (let length = 1; length <= 4 && at + length <= bytes.length; length += 1) {
    if (isUtf8(bytes.subarray(at, at + length))) return length;
  }
  return 0;
}

/** Small sizes to the byte. */
export function byteText(bytes: number): string {
  return bytes < 1024 ? `${bytes} B` : sizeText(bytes);
}

/** When it was: the whole date and seconds only where there is room for them. */
export function timeText(ms: number, zone: Zone, { isWide }: { readonly isWide: boolean }): string {
  const { date, time } = formatLocal(BigInt(ms) * NS_PER_MS, zone);
  if (isWide) return `${date} ${time.slice(0, 'HH:MM:SS'.length)}`;
  return `${date.slice('YYYY-'.length)} ${time.slice(0, 'HH:MM'.length)}`;
}

/** A letter as `--json` says it in a list: an API. */
export interface LetterAnswer {
  readonly position: string;
  readonly topic: string;
  readonly epoch: number;
  readonly partition: number;
  readonly offset: string;
  readonly state: 'waiting' | 'replayed';
  readonly reason: string;
  readonly time: string;
  /** Bytes that are no UTF-8 are in `keyBase64`, and then this is null. */
  readonly key: string | null;
  readonly keyBase64?: string;
  readonly producer: string;
  readonly size: number;
  readonly sample: string;
}

export function letterAnswer(letter: LetterSummary): LetterAnswer {
  const { key, sample } = letter;
  return {
    ...placeAnswer(letter),
    state: letter.state,
    reason: letter.reason,
    time: new Date(letter.timeMs).toISOString(),
    ...textOrBase64('key', key),
    producer: letter.producer,
    size: letter.size,
    sample: sample.toString('utf8'),
  };
}

function placeAnswer(
  place: LetterPlace,
): Pick<LetterAnswer, 'position' | 'topic' | 'epoch' | 'partition' | 'offset'> {
  const { topic, epoch, partition, offset } = place;
  return { position: nameOfPlace(place), topic, epoch, partition, offset: String(offset) };
}

function textOrBase64(name: 'key', bytes: Buffer): Pick<LetterAnswer, 'key' | 'keyBase64'> {
  if (isUtf8(bytes)) return { [name]: bytes.toString('utf8') };
  return { key: null, keyBase64: bytes.toString('base64') };
}
