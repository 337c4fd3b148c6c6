const NS_PER_SECOND = 1_000_000_000n;

/** RFC 3339 in UTC with as many digits as there are, at least milliseconds. */
export function formatRfc3339(ns: bigint): string {
  const { seconds, fractionNs } = splitNs(ns);
  const digits = String(fractionNs)
    .padStart(9, '0')
    .replace(/(?:000){1,2}$/u, '');
  return `${utcSeconds(seconds)}.${digits}Z`;
}

/** Whole seconds and the nanoseconds after them; rounded down before 1970 too, so that the fraction counts forward. */
export function splitNs(ns: bigint): { readonly seconds: bigint; readonly fractionNs: bigint } {
  const fractionNs = ((ns % NS_PER_SECOND) + NS_PER_SECOND) % NS_PER_SECOND;
  return { seconds: (ns - fractionNs) / NS_PER_SECOND, fractionNs };
}

/** `2026-05-16T10:00:00` of seconds since the epoch. */
export function utcSeconds(seconds: bigint): string {
  return new Date(Number(seconds) * 1000).toISOString().slice(0, -'.000Z'.length);
}
