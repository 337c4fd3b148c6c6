import { splitNs, utcSeconds } from '../model/timestamp.js';
import { formatOffset, type Zone } from './zone.js';

const NS_PER_MS = 1_000_000n;

/** Date, time of day to the millisecond (cut, not rounded) and offset from UTC, as a zone's clocks show it. */
export function formatLocal(ns: bigint, zone: Zone): LocalTime {
  const { seconds, fractionNs } = splitNs(ns);
  const offsetMs = zone.offsetMsAt(Number(seconds) * 1000);
  const [date = '', time = ''] = utcSeconds(seconds + BigInt(offsetMs / 1000)).split('T');
  const ms = String(fractionNs / NS_PER_MS).padStart(3, '0');
  return { date, time: `${time}.${ms}`, offset: offsetMs === 0 ? 'Z' : formatOffset(offsetMs) };
}

/** The parts of a local time, such as `2026-05-16`, `10:00:00.123`, `+02:00`. */
export interface LocalTime {
  readonly date: string;
  readonly time: string;
  readonly offset: string;
}

/** A length of time in at most six columns: `0`, `850µs`, `12.3ms`, `4.81s`, `2m03s`, `1h02m`, `3d04h`. */
export function formatDuration(ns: bigint): string {
  if (ns < 0n) return `-${formatDuration(-ns)}`;
  if (ns === 0n) return '0';
  const value = Number(ns);
  for (const [unit, size] of SMALL_UNITS) {
    // Not yet 1000 after rounding, so that it never reads 1000ms.
    if (value / size < 999.5) return `${threeDigits(value / size)}${unit}`;
  }
  const seconds = Math.round(value / 1e9);
  if (value < 59.95e9) return `${threeDigits(value / 1e9)}s`;
  if (seconds < 3600) return `${Math.trunc(seconds / 60)}m${pad2(seconds % 60)}s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 1440) return `${Math.trunc(minutes / 60)}h${pad2(minutes % 60)}m`;
  const hours = Math.round(minutes / 60);
  return `${Math.trunc(hours / 24)}d${pad2(hours % 24)}h`;
}

const SMALL_UNITS = [
  ['ns', 1],
  ['µs', 1e3],
  ['ms', 1e6],
] as const;

function threeDigits(value: number): string {
  const decimals = value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2;
  return value
    .toFixed(decimals)
    .replace(/(\.\d*?)0+$/u, '$1')
    .replace(/\.$/u, '');
}

function pad2(value: number): string {
  return String(value).padStart(2, '0');
}
