import type { Cell, CellKind, Money } from '../../../../engine/model/question/answer.js';
import { formatRfc3339 } from '../../../../engine/model/timestamp.js';
import { formatDuration, formatLocal } from '../../../../engine/time/format.js';
import type { Zone } from '../../../../engine/time/zone.js';
import { sanitizeText } from '../../../_cli/sanitize.js';

/** What stands for a figure that is not known. */
export const UNKNOWN = '-';

const NS_PER_MS = 1e6;
const NS_PER_MINUTE = 60_000_000_000n;

/** A cell for a person: counts with separators, times of the zone's clocks, sizes and durations in fitting units. */
export function cellText(kind: CellKind, cell: Cell | undefined, zone: Zone): string {
  if (cell === null || cell === undefined) return UNKNOWN;
  switch (kind) {
    case 'time':
      return timeText(cell as bigint, zone);
    case 'text':
      return sanitizeText(cell as string);
    case 'count':
      return grouped((cell as number).toFixed(0));
    case 'number':
      return threeDigits(cell as number);
    case 'share':
      return `${(100 * (cell as number)).toFixed(1)} %`;
    case 'duration':
      return formatDuration(BigInt(Math.round((cell as number) * NS_PER_MS)));
    case 'bytes':
      return bytesText(cell as number);
    case 'decimal':
      return grouped(cell as string);
    case 'money':
      return Object.entries(cell as Money)
        .map(([currency, amount]) => `${grouped(amount)} ${sanitizeText(currency)}`)
        .join(', ');
    case 'truth':
      return cell === true ? 'yes' : 'no';
    case 'list':
      return (cell as readonly string[]).map((text) => sanitizeText(text)).join(', ');
  }
}

/** A cell for a program, as text: nothing rounded, times in UTC. */
export function plainText(kind: CellKind, cell: Cell | undefined): string {
  const value = plainValue(kind, cell);
  if (value === null) return '';
  if (kind === 'list') return (value as readonly string[]).join(' ');
  if (typeof value === 'object') {
    return Object.entries(value)
      .map(([currency, amount]) => `${currency}=${amount}`)
      .join(' ');
  }
  return String(value);
}

/** A cell as JSON has it. */
export function plainValue(
  kind: CellKind,
  cell: Cell | undefined,
): string | number | boolean | Money | readonly string[] | null {
  if (cell === null || cell === undefined) return null;
  if (typeof cell === 'bigint') return kind === 'time' ? formatRfc3339(cell) : String(cell);
  return cell;
}

function timeText(ns: bigint, zone: Zone): string {
  const { date, time } = formatLocal(ns, zone);
  return ns % NS_PER_MINUTE === 0n ? `${date} ${time.slice(0, 'HH:MM'.length)}` : `${date} ${time}`;
}

/** `1234567.89` as `1,234,567.89`. */
function grouped(digits: string): string {
  const [whole = '', fraction] = digits.split('.');
  const text = whole.replaceAll(/\B(?=(?:\d{3})+$)/gu, ',');
  return fraction === undefined ? text : `${text}.${fraction}`;
}

function threeDigits(value: number): string {
  if (Number.isInteger(value)) return grouped(String(value));
  const size = Math.abs(value);
  return size >= 1000 ? grouped(value.toFixed(0)) : String(Number(value.toPrecision(3)));
}

const BYTE_UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];

function bytesText(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (Math.abs(value) >= 1024 && unit < BYTE_UNITS.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${threeDigits(unit === 0 ? Math.round(value) : value)} ${BYTE_UNITS[unit] ?? ''}`;
}
