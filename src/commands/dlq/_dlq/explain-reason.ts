import { VALUE_BYTES_MAX } from '../../../engine/model/limit.js';

const REASONS: Readonly<Record<string, string>> = {
  invalid_json: 'its bytes are no JSON',
  not_an_object: 'it is JSON, but no object',
  value_too_large: `it is larger than ${VALUE_BYTES_MAX.toLocaleString('en')} bytes`,
  tombstone: 'it has a key and no value',
  too_deep: 'it is nested too deep',
  blank: 'it is blank',
  no_match: "it does not fit the topic's pattern",
  not_a_change: 'it is no change of a row as Debezium writes it',
  mapped_too_large: 'the event that it became was too large',
};

/** A reason in words. */
export function explainReason(reason: string): string {
  return REASONS[reason] ?? 'it is no event';
}
