import { createRandom } from '../../model/random.js';
import { renderCombined, renderCommon, renderNginx } from './access-line.js';
import type { RenderLine } from './line-source.js';
import { renderJson, renderRfc3164, renderRfc5424 } from './program-line.js';
import type { WordPool } from './word-pool.js';

/** How the lines are written. */
export const LOG_LINE_FORMATS = [
  'apache-common',
  'apache-combined',
  'nginx',
  'syslog-3164',
  'syslog-5424',
  'json',
] as const;
export type LogLineFormat = (typeof LOG_LINE_FORMATS)[number];

const RENDER: Readonly<Record<LogLineFormat, RenderLine>> = {
  'apache-common': renderCommon,
  'apache-combined': renderCombined,
  nginx: renderNginx,
  'syslog-3164': renderRfc3164,
  'syslog-5424': renderRfc5424,
  json: renderJson,
};

export interface LogSpec {
  readonly format: LogLineFormat;
  readonly seed: number;
  readonly words: WordPool;
  /** The log's own time starts here. */
  readonly fromMs: number;
  readonly linesPerSecond: number;
  /** The log ends with the first of these that is reached; Infinity where there is none. */
  readonly lineCountMax: number;
  readonly byteCountMax: number;
}

/** Text handed over at once: large enough that writing it costs little a line. */
const BATCH_CHARACTERS = 64 * 1024;

/**
 * The lines of a log in the order of their times, one in each slot of 1/rate seconds, somewhere in it. The same spec gives the same
 * bytes, in however many pieces they are taken.
 */
export class LogLines {
  readonly #spec: LogSpec;
  readonly #render: RenderLine;
  readonly #random;
  readonly #slotMs: number;
  /** Made, but not yet handed over: its moment was not reached, or the batch was full. */
  #next: { readonly timeMs: number; readonly text: string } | undefined;
  #renderedCount = 0;
  lineCount = 0;
  /** With the line ends. */
  byteCount = 0;

  constructor(spec: LogSpec) {
    this.#spec = spec;
    this.#render = RENDER[spec.format];
    this.#random = createRandom(spec.seed);
    this.#slotMs = 1000 / spec.linesPerSecond;
    this.#next = this.#make();
  }

  /** When the next line is due, in the log's own time; undefined at the end. */
  get nextMs(): number | undefined {
    return this.#next?.timeMs;
  }

  /** Whole lines that are due before `untilMs`, a batch at most; empty when none is due or none is left. */
  take(untilMs: number): string {
    let text = '';
    while (
      this.#next !== undefined &&
      this.#next.timeMs < untilMs &&
      text.length < BATCH_CHARACTERS
    ) {
      const line = `${this.#next.text}\n`;
      // Words, paths and times are ASCII: a character is a byte.
      this.byteCount += line.length;
      this.lineCount += 1;
      text += line;
      this.#next = this.#make();
    }
    return text;
  }

  #make(): { readonly timeMs: number; readonly text: string } | undefined {
    const { fromMs, words, lineCountMax, byteCountMax } = this.#spec;
    if (this.#renderedCount >= lineCountMax) return undefined;
    const slot = this.#renderedCount + this.#random.next();
    const timeMs = Math.floor(fromMs + slot * this.#slotMs);
    const text = this.#render(timeMs, { random: this.#random, words });
    if (this.byteCount + text.length + 1 > byteCountMax) return undefined;
    this.#renderedCount += 1;
    return { timeMs, text };
  }
}
