import type { StoredEvent } from '../../../../engine/model/stored-event.js';
import { placeOf, type Surroundings } from '../../../../engine/model/surroundings.js';
import { summarizeTrace } from '../../../../engine/trace/trace-summary.js';
import type { Store } from '../../../../store/clickhouse/store.js';
import { readSurroundings } from '../../../../store/query/trace/read-surroundings.js';
import type { StreamOptions } from '../../../../store/query/stream-events.js';

/** Asks what else happened in the services of these events, from so long before the first to so long after the last. */
export function askAround(
  store: Store,
  { events, marginNs }: { readonly events: readonly StoredEvent[]; readonly marginNs: bigint },
  options: StreamOptions,
): Promise<Surroundings> {
  const { startNs, durationNs, services } = summarizeTrace(events);
  const distinct = (valueOf: (stored: StoredEvent) => string | undefined): string[] =>
    [...new Set(events.map(valueOf))].filter(
      (value) => value !== undefined && value !== '',
    ) as string[];
  return readSurroundings(
    store,
    {
      fromNs: startNs - marginNs,
      // The last moment is in.
      toNs: startNs + durationNs + marginNs + 1n,
      services: services.map(({ name }) => name),
      places: distinct(({ event }) => placeOf(event)),
      providers: distinct(({ event }) => event.provider),
      opIds: distinct(({ event }) => event.op_id),
    },
    options,
  );
}
