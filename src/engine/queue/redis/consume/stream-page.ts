import { idOfOffset, offsetOfId } from '../entry-id.js';
import type { RedisLink, Reply } from '../link/redis-link.js';
import type { RecordRun } from '../../../model/record-run.js';
import { type Entry, runOfEntries } from './entry-run.js';

/** Most entries that one XRANGE asks for: bounds what a few huge ones among small ones can bring at once (512 MB). */
const PAGE_COUNT_MAX = 512;
/** The first one, when nothing is known of their size. */
const PAGE_COUNT_FIRST = 64;
/** About so many bytes a page. */
const PAGE_BYTES = 2 * 1024 * 1024;

/** What lies between two offsets; nothing else was there when it was read. */
export interface StreamPage {
  readonly from: bigint;
  /** Offset after the last entry; `from` when there is none. */
  readonly until: bigint;
  readonly run: RecordRun | undefined;
  /** Whether more may lie behind it. */
  readonly isFull: boolean;
}

/** Reads a stream in pages whose length follows the size of its entries. */
export class PageReader {
  readonly #link: RedisLink;
  readonly #stream: string;
  #count = PAGE_COUNT_FIRST;

  constructor(link: RedisLink, stream: string) {
    this.#link = link;
    this.#stream = stream;
  }

  /** One attempt: entries at or after `from`, and before `before` where it is given. */
  async read(from: bigint, before?: bigint): Promise<StreamPage> {
    if (before !== undefined && before <= from) return emptyPage(from);
    const end = before === undefined ? '+' : idOfOffset(before - 1n);
    const count = this.#count;
    const reply = await this.#link.once(
      ['XRANGE', this.#stream, idOfOffset(from), end, 'COUNT', String(count)],
      `read ${this.#stream}`,
    );
    const entries = reply as readonly Reply[] as readonly Entry[];
    const last = entries.at(-1);
    const run = runOfEntries(entries);
    if (run === undefined || last === undefined) return emptyPage(from);
    const perEntry = run.byteCount / run.recordCount;
    this.#count = Math.max(1, Math.min(PAGE_COUNT_MAX, Math.floor(PAGE_BYTES / perEntry)));
    return {
      from,
      until: offsetOfId(last[0].toString('latin1')) + 1n,
      run,
      isFull: entries.length === count,
    };
  }
}

function emptyPage(from: bigint): StreamPage {
  return { from, until: from, run: undefined, isFull: false };
}
