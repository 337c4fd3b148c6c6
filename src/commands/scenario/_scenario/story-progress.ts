import type { StoryNews } from '../../../engine/scenario/run-story.js';
import type { RunNews } from './run-one.js';
import { sanitizeText } from '../../_cli/sanitize.js';
import { isLively, styleOf } from '../../_cli/style.js';
import { cutToWidth } from '../../_cli/text-table.js';
import { grouped } from './report/render-result.js';

/** Back to the line's begin, and clear it. */
const CLEAR_LINE = '\r\u001b[2K';

/** Without a terminal, how often a line says where the story is. */
const PLAIN_INTERVAL_MS = 5_000;

const FALLBACK_COLUMNS = 80;

/** Tells on stderr how a story goes: one line that moves on a terminal, a plain line now and then elsewhere. */
export class StoryProgress implements Disposable {
  readonly #stream = process.stderr;
  readonly #style = styleOf(process.stderr);
  readonly #isLively = isLively(process.stderr);
  readonly #name: string;
  readonly #durationMs: number;
  readonly #isQuiet: boolean;
  #saidMs = Number.NEGATIVE_INFINITY;

  constructor(
    name: string,
    { durationMs, isQuiet }: { readonly durationMs: number; readonly isQuiet: boolean },
  ) {
    this.#name = sanitizeText(name);
    this.#durationMs = durationMs;
    this.#isQuiet = isQuiet;
  }

  tell(news: RunNews): void {
    if (this.#isQuiet && news.kind !== 'logs' && news.kind !== 'kept') return;
    switch (news.kind) {
      case 'stack':
        this.#move(news.words);
        break;
      case 'sample':
        this.#move(this.#whereabouts(news));
        break;
      case 'chaos':
        this.#say(`chaos: ${news.words}`);
        break;
      case 'sent':
        this.#say(`${grouped(news.count)} records are in the queue`);
        break;
      case 'stored':
        this.#say(`${grouped(news.count)} records are stored`);
        break;
      case 'logs':
        this.#say(`broke off; the logs of its parts are in ${news.folder}`);
        break;
      case 'kept':
        this.#say(
          `stays up. Ask it: ATBD_HOME=${news.home} atbd status; end it: ATBD_HOME=${news.home} atbd down --purge --yes`,
        );
        break;
      case 'checked':
        this.#move(`checked: ${news.result.title}`);
        break;
    }
  }

  [Symbol.dispose](): void {
    if (this.#isLively && !this.#isQuiet) this.#stream.write(CLEAR_LINE);
  }

  #whereabouts({ sample, phase }: Extract<StoryNews, { kind: 'sample' }>): string {
    const { storyMs, sent, stored } = sample;
    const counts = `${grouped(sent)} sent, ${stored === null ? 'the queue does not say how many are' : grouped(stored)} stored`;
    if (phase === 'settle') return `waiting until all is stored: ${counts}`;
    const share = Math.min(100, Math.floor((100 * storyMs) / this.#durationMs));
    return `story time ${timeOfDay(storyMs)} of ${timeOfDay(this.#durationMs)} (${share} %): ${counts}`;
  }

  /** What the next such line replaces. */
  #move(words: string): void {
    const line = `${this.#style.dim(this.#name)} ${sanitizeText(words)}`;
    if (this.#isLively) {
      this.#stream.write(CLEAR_LINE + cutToWidth(line, this.#stream.columns || FALLBACK_COLUMNS));
      return;
    }
    const nowMs = performance.now();
    if (nowMs - this.#saidMs < PLAIN_INTERVAL_MS) return;
    this.#saidMs = nowMs;
    this.#stream.write(`${line}\n`);
  }

  /** What stays to be read. */
  #say(words: string): void {
    const line = `${this.#style.dim(this.#name)} ${sanitizeText(words)}`;
    this.#stream.write(`${this.#isLively ? CLEAR_LINE : ''}${line}\n`);
  }
}

/** `6:05:00`, hours without end. */
function timeOfDay(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  const pad = (value: number): string => String(value).padStart(2, '0');
  return `${Math.floor(seconds / 3600)}:${pad(Math.floor(seconds / 60) % 60)}:${pad(seconds % 60)}`;
}
