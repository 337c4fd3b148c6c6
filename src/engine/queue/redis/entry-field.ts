import type { QueueMessage } from '../../model/queue.js';
import type { Argument, Reply } from './link/redis-link.js';

/**
 * Fields of an entry, one letter each because every entry has them: k key, v value, x instead of it (a tombstone), t queue time in ms
 * where it is not the ID's, h headers as a JSON object. An entry with neither v nor x was added by somebody else: its fields are its
 * value, as a JSON object of texts.
 */
const FIELD = { key: 'k', value: 'v', tombstone: 'x', time: 't', headers: 'h' } as const;

const CODE = {
  key: FIELD.key.charCodeAt(0),
  value: FIELD.value.charCodeAt(0),
  tombstone: FIELD.tombstone.charCodeAt(0),
  time: FIELD.time.charCodeAt(0),
  headers: FIELD.headers.charCodeAt(0),
};

/** A message as fields and values; the queue time only where the sender names one. */
export function fieldsOfMessage({ key, value, timestampMs, headers }: QueueMessage): Argument[] {
  const fields: Argument[] = value === null ? [FIELD.tombstone, ''] : [FIELD.value, value];
  if (key !== null) fields.push(FIELD.key, key);
  if (timestampMs !== undefined) fields.push(FIELD.time, String(timestampMs));
  if (headers !== undefined) fields.push(FIELD.headers, JSON.stringify(headers));
  return fields;
}

/** What an entry says; null is what it does not have. */
export interface EntryFields {
  readonly key: Buffer | null;
  /** null is a tombstone. */
  readonly value: Buffer | null;
  readonly timestampMs: number | null;
  readonly headers: Readonly<Record<string, string>> | undefined;
}

export function readFields(fields: readonly Reply[]): EntryFields {
  let key: Buffer | null = null;
  let value: Buffer | null | undefined;
  let timestampMs: number | null = null;
  let headers: EntryFields['headers'];
  for (let index = 0; index + 1 < fields.length; index += 2) {
    const name = fields[index] as Buffer;
    if (name.length !== 1) continue;
    const content = fields[index + 1] as Buffer;
    const code = name[0];
    if (code === CODE.value) value = content;
    else if (code === CODE.key) key = content;
    else if (code === CODE.tombstone) value ??= null;
    else if (code === CODE.time) timestampMs = timeOf(content);
    else if (code === CODE.headers) headers = headersOf(content);
  }
  // Slow path: somebody else's entry.
  if (value === undefined)
    return { key: null, value: asJson(fields), timestampMs: null, headers: undefined };
  return { key, value, timestampMs, headers };
}

/** null where somebody wrote what is no number: the ID then says the time. */
function timeOf(content: Buffer): number | null {
  const ms = Number(content.toString());
  return Number.isFinite(ms) ? ms : null;
}

/** Headers are ours; what is not an object of texts was written by others and says nothing. */
function headersOf(content: Buffer): EntryFields['headers'] {
  try {
    const parsed: unknown = JSON.parse(content.toString());
    if (typeof parsed !== 'object' || parsed === null) return undefined;
    const entries = Object.entries(parsed).filter(isTextEntry);
    return Object.fromEntries<string>(entries);
  } catch {
    return undefined;
  }
}

function isTextEntry(entry: [string, unknown]): entry is [string, string] {
  return typeof entry[1] === 'string';
}

function asJson(fields: readonly Reply[]): Buffer {
  const members: string[] = [];
  for (let index = 0; index + 1 < fields.length; index += 2) {
    members.push(
      `${JSON.stringify(String(fields[index]))}:${JSON.stringify(String(fields[index + 1]))}`,
    );
  }
  return Buffer.from(`{${members.join(',')}}`);
}
