/** The fields of an event before it is written: anything goes in `attrs`. */
export type EventFields = Record<string, unknown>;

/** A line's events; `unparsed` lines are kept by the caller as text. */
export type Decoded =
  | { readonly kind: 'events'; readonly events: readonly EventFields[] }
  | { readonly kind: 'unparsed' };

/** One way to read a line. `decode` never throws, whatever it is given. */
export interface LineFormat {
  readonly name: string;
  decode(line: string): Decoded;
}

/** For lines without an offset: how far local clocks are ahead of UTC at a UTC moment. */
export interface LocalZone {
  offsetMsAt(utcMs: number): number;
}

export const UNPARSED: Decoded = { kind: 'unparsed' };

export function oneEvent(event: EventFields): Decoded {
  return { kind: 'events', events: [event] };
}
