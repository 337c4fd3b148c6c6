/** The fields of an event before it is written: anything goes in `attrs`. */
export type EventFields = Record<string, unknown>;

/** A line's events; `unparsed` lines are kept by the caller as text. */
export type Decoded =
  | {
      readonly kind: 'events';
      readonly events: readonly EventFields[];
      /** The line names a time that is none: the event has no `ts`, and the text is in its attrs. */
      readonly isTimeUnread: boolean;
    }
  | { readonly kind: 'unparsed' };

/**
 * Which lines belong to the one before them: none; those that the format cannot read; or those that look it (indented,
 * or part of a stack trace), where every line can be read.
 */
export type Continuation = 'never' | 'unparsed' | 'indented';

/** One way to read a line. `decode` never throws, whatever it is given. */
export interface LineFormat {
  readonly name: string;
  readonly continuation: Continuation;
  decode(line: string): Decoded;
}

/** For lines without an offset: how far local clocks are ahead of UTC at a UTC moment. */
export interface LocalZone {
  offsetMsAt(utcMs: number): number;
}

export const UNPARSED: Decoded = { kind: 'unparsed' };

export function oneEvent(event: EventFields, { isTimeUnread }: { isTimeUnread: boolean }): Decoded {
  return { kind: 'events', events: [event], isTimeUnread };
}
