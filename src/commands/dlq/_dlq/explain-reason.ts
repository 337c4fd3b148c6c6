import { VALUE_BYTES_MAX } from '../../../engine/model/limit.js';

const REASONS: Readonly<Record<string, string>> = {
  invalid_json: 'its bytes are no JSON',
  not_an_object: 'it is JSON, but no object',
  value_too_large: `it is larger than ${VALUE_BYTES_MAX.toLocaleString('en')} bytes`,
  tombstone: 'it has a key and no value',
};

/** A reason in words. */
export function explainReason(reason: string): string {
  return REASONS[reason] ?? 'it is no event';
}
