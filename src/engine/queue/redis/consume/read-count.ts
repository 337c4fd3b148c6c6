import { countBefore, type RecordRun } from '../../../model/record-run.js';
import type { StreamPage } from './stream-page.js';

/** Pages kept for counting; who reads so far ahead of a commit is told by the end of the stream only. */
const PAGES_MAX = 4_096;

interface CountedPage {
  readonly from: bigint;
  readonly until: bigint;
  readonly run: RecordRun | undefined;
}

/**
 * How many entries lie before an offset, of all that were ever added: what a position is worth in records, and what tells entries that
 * were trimmed after they were read from those that were not. Known at one offset, it follows from the pages read since.
 */
export class ReadCount {
  #offset: bigint;
  #count: number | null;
  #pages: CountedPage[] = [];

  /** `count` null: not known at this offset. */
  constructor(offset: bigint, count: number | null) {
    this.#offset = offset;
    this.#count = count;
  }

  add({ from, until, run }: StreamPage): void {
    if (this.#count === null || until <= this.#offset) return;
    this.#pages.push({ from, until, run });
    if (this.#pages.length > PAGES_MAX) this.#forget();
  }

  /** null where pages between are missing. */
  at(offset: bigint): number | null {
    if (this.#count === null || offset < this.#offset) return null;
    let [reached, count] = [this.#offset, this.#count];
    // Pages may lie over each other (a step back); each goes on from where the last one ended.
    for (const { from, until, run } of this.#pages) {
      if (reached >= offset) break;
      if (from > reached || until <= reached) continue;
      const end = until < offset ? until : offset;
      if (run !== undefined) count += countBefore(run, end) - countBefore(run, reached);
      reached = end;
    }
    return reached >= offset ? count : null;
  }

  /** Goes on from a later offset; a count that is known otherwise, or null. */
  moveTo(offset: bigint, count: number | null): void {
    this.#offset = offset;
    this.#count = count;
    this.#pages = this.#pages.filter(({ until }) => until > offset);
  }

  #forget(): void {
    this.#pages = [];
    this.#count = null;
  }
}
