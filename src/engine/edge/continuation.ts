import type { EventFields } from './line-format.js';

/** Filebeat's default, and longer than any trace that people read. */
const JOINED_LINES_MAX = 500;

/** Written as JSON a text may be six times as long, and must stay below the size of an event. */
const JOINED_BYTES_MAX = 128 * 1024;

const TRACEBACK = 'Traceback (most recent call last):';

/** How stack traces go on without being indented: Java's causes, Python's tracebacks and what stands between two. */
const TRACE_PART =
  /^(?:Caused by: |Suppressed: |Traceback \(most recent call last\):|During handling of the above exception|The above exception was the direct cause)/;

/** Whether a line is indented, or a part of a stack trace that is not. */
export function looksContinuing(text: string): boolean {
  return text.startsWith(' ') || text.startsWith('\t') || TRACE_PART.test(text);
}

/** An event that waits for the lines that continue it. */
export class OpenEvent {
  readonly #event: EventFields;
  readonly #lines: string[] = [];
  #bytes = 0;
  /** Python ends a traceback with a line that looks like any other. */
  #isInTraceback: boolean;
  /** One of its lines was not UTF-8. */
  isText: boolean;

  constructor(
    event: EventFields,
    { text, isText }: { readonly text: string; readonly isText: boolean },
  ) {
    this.#event = event;
    this.#isInTraceback = text.startsWith(TRACEBACK);
    this.isText = isText;
  }

  /** Whether a line that could be an event of its own looks like a part of this one. */
  isContinuedBy(text: string): boolean {
    return this.#isInTraceback || looksContinuing(text);
  }

  /** Whether there is room for another line: memory is bounded, whatever is sent. */
  hasRoomFor(text: string): boolean {
    return this.#lines.length < JOINED_LINES_MAX && this.#bytes + text.length <= JOINED_BYTES_MAX;
  }

  join(text: string, { isText }: { readonly isText: boolean }): void {
    this.#lines.push(text);
    this.#bytes += text.length;
    this.isText &&= isText;
    if (text.startsWith(TRACEBACK)) this.#isInTraceback = true;
    else if (!text.startsWith(' ') && !text.startsWith('\t')) this.#isInTraceback = false;
  }

  /** The event, its message with all lines. */
  close(): EventFields {
    if (this.#lines.length === 0) return this.#event;
    const { message } = this.#event;
    const lines = typeof message === 'string' ? [message, ...this.#lines] : this.#lines;
    return { ...this.#event, message: lines.join('\n') };
  }
}
