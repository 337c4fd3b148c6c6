import { isUtf8 } from 'node:buffer';
import { VALUE_BYTES_MAX } from '../../model/limit.js';
import { EVENT_BYTES_MIN, GROWTH_MAX, MAPPED_BYTES_FREE } from './mapped-limit.js';
import type { QueueRecord } from '../../model/queue-record.js';
import { withAttr } from '../event-attr.js';
import { eventJson } from '../event-json.js';
import { eventsOfRequest, isExportRequest } from '../format/otlp/export-request.js';
import { mapCommonNames } from '../format/map-common-names.js';
import type { EventFields } from '../line-format.js';
import { createParseTime } from '../parse-time.js';
import { createDecodeChange } from './debezium/decode-change.js';
import { type Decoded, type MappedRecord, refused } from './mapped-record.js';
import { readJson } from './read-json.js';
import { createDecodeText } from './text-value.js';
import type { TopicSpec } from './topic-spec.js';

/**
 * Makes events of a foreign topic's records. It hangs on the record and the topic's settings alone, on no clock and no chance: a
 * chunk that is sent again is the same bytes. Nothing throws.
 */
export type MapRecord = (record: QueueRecord) => MappedRecord;

/** Of every topic that is not our own format; rejects settings that cannot be used with CONFIG_INVALID. */
export function createTopicMappers(topics: readonly TopicSpec[]): ReadonlyMap<string, MapRecord> {
  return new Map(
    topics.flatMap((spec) => {
      const decode = createDecode(spec);
      return decode === undefined ? [] : [[spec.name, createMapRecord(spec, decode)] as const];
    }),
  );
}

/** Times without a zone are UTC: the rules of any other change with the machine's data of zones. */
const UTC = { offsetMsAt: () => 0 };

function createDecode(spec: TopicSpec): ((text: string) => Decoded) | undefined {
  const parseTime = createParseTime(UTC);
  switch (spec.format) {
    case 'atbd':
      return undefined;
    case 'text':
      return createDecodeText(spec.pattern, parseTime);
    case 'json':
      return onObject((value) => ({
        kind: 'events',
        events: [mapCommonNames(value, parseTime).event],
      }));
    case 'otlp-json':
      return onObject((value) =>
        isExportRequest(value)
          ? { kind: 'events', events: eventsOfRequest(value) }
          : refused('not_otlp'),
      );
    case 'debezium':
      return onObject(createDecodeChange(spec, parseTime));
  }
}

function onObject(decode: (value: EventFields) => Decoded): (text: string) => Decoded {
  return (text) => {
    const read = readJson(text);
    return read.kind === 'object' ? decode(read.value) : read;
  };
}

function createMapRecord(spec: TopicSpec, decode: (text: string) => Decoded): MapRecord {
  return (record) => {
    const { value } = record;
    if (value === null) return refused('tombstone');
    if (value.length > VALUE_BYTES_MAX) return refused('value_too_large');
    const decoded = decode(value.toString('utf8'));
    if (decoded.kind === 'deadLetter') return decoded;
    const service = serviceOf(record, spec);
    const isText = isUtf8(value);
    return encodeAll(decoded.events, { service, isText, byteCount: value.length });
  };
}

function serviceOf(
  { key }: QueueRecord,
  { service, serviceFromKey = false }: TopicSpec,
): string | undefined {
  if (!serviceFromKey || key === null || key.length === 0 || !isUtf8(key)) return service;
  return key.toString('utf8');
}

interface EncodeOptions {
  readonly service: string | undefined;
  readonly isText: boolean;
  /** Of the record's value. */
  readonly byteCount: number;
}

/** Stops at the first event that is too many: what a record says of all its events could be repeated without end. */
function encodeAll(events: Iterable<EventFields>, options: EncodeOptions): MappedRecord {
  const countMax = Math.max(1, options.byteCount / EVENT_BYTES_MIN);
  const bytesMax = Math.max(MAPPED_BYTES_FREE, options.byteCount * GROWTH_MAX);
  const values: Buffer[] = [];
  let bytes = 0;
  for (const event of events) {
    const value = encode(event, options);
    if (value.length > VALUE_BYTES_MAX) return refused('mapped_too_large');
    values.push(value);
    bytes += value.length;
    if (values.length > countMax || (values.length > 1 && bytes > bytesMax))
      return refused('too_many_events');
  }
  return values.length === 0 ? refused('no_events') : { kind: 'events', values };
}

function encode(event: EventFields, { service, isText }: EncodeOptions): Buffer {
  const named =
    service === undefined || event['service'] !== undefined ? event : { ...event, service };
  const marked = isText ? named : withAttr(named, 'invalid_utf8', 'replaced');
  return Buffer.from(eventJson(marked));
}
