/** Rows in the order of `MergeOptions.compare`, many at a time. */
export type SortedRows<Row> = AsyncIterable<readonly Row[]>;

export interface MergeOptions<Row> {
  readonly compare: (a: Row, b: Row) => number;
  /** The merge ends after so many rows; no source has more. */
  readonly limit: number;
}

/** Up to so many rows, what is left over is read to its end: that costs less than a new connection. */
const LEFT_OVER_ROWS_MAX = 1_000;

/** The first `limit` rows of all; equal ones in the order of their sources. Reads ahead by one batch of each source. */
export async function* mergeRows<Row>(
  sources: readonly SortedRows<Row>[],
  { compare, limit }: MergeOptions<Row>,
): AsyncIterable<Row> {
  const heads = sources.map((source) => new Head(source));
  let count = 0;
  try {
    await Promise.all(heads.map((head) => head.fill()));
    while (count < limit) {
      const least = leastOf(heads, compare);
      if (least === undefined) return;
      count += 1;
      yield least.take();
      if (least.isEmpty) await least.fill();
    }
  } finally {
    const isToBeRead = count === limit && limit <= LEFT_OVER_ROWS_MAX;
    await Promise.all(heads.map((head) => head.close({ isToBeRead })));
  }
}

function leastOf<Row>(
  heads: readonly Head<Row>[],
  compare: MergeOptions<Row>['compare'],
): Head<Row> | undefined {
  let least: Head<Row> | undefined;
  for (const head of heads) {
    if (head.isEmpty) continue;
    if (least === undefined || compare(head.row, least.row) < 0) least = head;
  }
  return least;
}

/** The next row of a source. */
class Head<Row> {
  readonly #batches: AsyncIterator<readonly Row[]>;
  #batch: readonly Row[] = [];
  #index = 0;

  constructor(source: SortedRows<Row>) {
    this.#batches = source[Symbol.asyncIterator]();
  }

  get isEmpty(): boolean {
    return this.#index >= this.#batch.length;
  }

  /** Not to be asked for when empty. */
  get row(): Row {
    return this.#batch[this.#index] as Row;
  }

  take(): Row {
    const { row } = this;
    this.#index += 1;
    return row;
  }

  /** Reads the next batch that has rows; stays empty at the end. */
  async fill(): Promise<void> {
    while (this.isEmpty) {
      const next = await this.#batches.next();
      if (next.done === true) return;
      [this.#batch, this.#index] = [next.value, 0];
    }
  }

  async close({ isToBeRead }: { readonly isToBeRead: boolean }): Promise<void> {
    while (isToBeRead && (await this.#batches.next()).done !== true);
    await this.#batches.return?.();
  }
}
