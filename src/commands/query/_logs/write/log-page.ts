import {
  selectedName,
  type SelectedField,
  type StoredEvent,
} from '../../../../engine/model/stored-event.js';
import type { Zone } from '../../../../engine/time/zone.js';
import type { Terminal } from '../../../_cli/terminal.js';

/** Turns events into text for stdout, in batches as they come. */
export interface LogWriter {
  write(events: readonly StoredEvent[]): string;
  /** What follows the last event. */
  end(page: LogPageEnd): string;
}

/** What is known when a page is complete. */
export interface LogPageEnd {
  /** For `--after`; null on the last page. */
  readonly cursor: string | null;
  /** Shards that did not answer, by their index. */
  readonly missingShards: readonly number[];
}

/** On what logs are written. */
export interface LogCanvas {
  readonly terminal: Terminal;
  readonly zone: Zone;
  /** The fields that were asked for; undefined: the format's own choice. */
  readonly fields: readonly SelectedField[] | undefined;
}

/** The field's value as text; the empty text where there is none. */
export function fieldText({ event }: StoredEvent, field: SelectedField): string {
  const value = event[selectedName(field)];
  if (typeof value === 'string') return value;
  return value === undefined || value === null ? '' : JSON.stringify(value);
}
