import type { Event } from '../model/event.js';

const NS_PER_MS = 1e6;

/** How long a span took; null for what is no span. A span of unknown or negative length has none: 0. */
export function spanLengthNs(event: Event): bigint | null {
  const durationMs = event.duration_ms;
  if (event.kind !== 'span' && (event.span_id === undefined || durationMs === undefined)) {
    return null;
  }
  return durationMs !== undefined && durationMs > 0
    ? BigInt(Math.round(durationMs * NS_PER_MS))
    : 0n;
}
