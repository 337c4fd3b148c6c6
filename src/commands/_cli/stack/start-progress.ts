import type { StackStatus } from '../../../engine/deploy/stack-status.js';
import { sanitizeText } from '../sanitize.js';
import { isLively, styleOf } from '../style.js';
import { cutToWidth } from '../text-table.js';

const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const FRAME_MS = 80;
const FALLBACK_COLUMNS = 80;

/** Back to the line's begin, and clear it. */
const CLEAR_LINE = '\r\u001b[2K';

/**
 * Tells on stderr how the start goes: a line for each part when it is ready or fails, and on a
 * terminal one moving line with what is still awaited.
 */
export class StartProgress implements Disposable {
  readonly #stream = process.stderr;
  readonly #style = styleOf(process.stderr);
  readonly #isLively = isLively(process.stderr);
  readonly #told = new Map<string, string>();
  readonly #timer: NodeJS.Timeout | undefined;
  readonly #startedMs: number;
  #awaited: readonly string[] = [];
  #frame = 0;

  constructor(startedMs: number) {
    this.#startedMs = startedMs;
    if (this.#isLively) {
      this.#timer = setInterval(() => {
        this.#draw();
      }, FRAME_MS);
    }
  }

  show({ parts }: StackStatus): void {
    for (const part of parts) {
      const news = part.isHealthy ? 'ready' : part.failuresInRow > 0 ? (part.lastError ?? '') : '';
      if (news === '' || this.#told.get(part.name) === news) continue;
      this.#told.set(part.name, news);
      const seconds = ((Date.now() - this.#startedMs) / 1000).toFixed(1);
      this.#line(
        part.isHealthy
          ? `${this.#style.green('✓')} ${part.name.padEnd(NAME_COLUMNS)} ${this.#style.dim(`${seconds} s`)}`
          : `${this.#style.yellow('!')} ${part.name.padEnd(NAME_COLUMNS)} ${sanitizeText(news)}; trying again`,
      );
    }
    this.#awaited = parts.filter((part) => !part.isHealthy).map(({ name }) => name);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    if (this.#isLively) this.#stream.write(CLEAR_LINE);
  }

  #line(text: string): void {
    const line = this.#isLively ? cutToWidth(text, this.#columns()) : text;
    this.#stream.write(`${this.#isLively ? CLEAR_LINE : ''}${line}\n`);
    this.#draw();
  }

  #draw(): void {
    if (!this.#isLively || this.#awaited.length === 0) return;
    this.#frame = (this.#frame + 1) % FRAMES.length;
    const spinner = this.#style.cyan(FRAMES[this.#frame] ?? '');
    const line = `${spinner} ${this.#style.dim(`waiting for ${this.#awaited.join(', ')}`)}`;
    this.#stream.write(CLEAR_LINE + cutToWidth(line, this.#columns()));
  }

  #columns(): number {
    return this.#stream.columns || FALLBACK_COLUMNS;
  }
}

/** Fits the longest name of a part in a small stack. */
const NAME_COLUMNS = 10;
