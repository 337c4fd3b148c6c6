const NS_PER_MS = 1e6;
const NS_PER_SECOND = 1e9;
const SECONDS_PER_HOUR = 3600;

/** How the times since an action's start are written: in one unit, so that they can be compared by eye. */
export interface OffsetFormat {
  readonly unit: string;
  format(offsetNs: bigint): string;
}

/** Chooses the unit by the action's whole duration. */
export function chooseOffsetFormat(durationNs: bigint): OffsetFormat {
  const duration = Number(durationNs);
  if (duration < NS_PER_SECOND) {
    const decimals = duration < 10 * NS_PER_MS ? 3 : 1;
    return { unit: 'ms', format: (ns) => (Number(ns) / NS_PER_MS).toFixed(decimals) };
  }
  if (duration < 100 * NS_PER_SECOND) {
    return { unit: 's', format: (ns) => (Number(ns) / NS_PER_SECOND).toFixed(3) };
  }
  if (duration < SECONDS_PER_HOUR * NS_PER_SECOND) {
    return { unit: 'm:s', format: (ns) => clock(ns, { hours: false }) };
  }
  return { unit: 'h:m:s', format: (ns) => clock(ns, { hours: true }) };
}

function clock(offsetNs: bigint, { hours }: { readonly hours: boolean }): string {
  const ms = Math.round(Number(offsetNs) / NS_PER_MS);
  const seconds = (Math.floor(ms / 100) % 600) / 10;
  const minutes = Math.floor(ms / 60_000);
  const tail = seconds.toFixed(1).padStart(4, '0');
  if (!hours) return `${minutes}:${tail}`;
  return `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, '0')}:${tail}`;
}
