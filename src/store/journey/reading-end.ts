/** How far behind its range a question has to read. */
export interface ReadingOn {
  /** End of the range. */
  readonly toNs: bigint;
  /** The longest pause within a run: one whose last event is older has ended. */
  readonly pauseNs: bigint;
  /** No event is younger. */
  readonly newestNs: bigint;
  /** How many runs of the range have not ended, when events are read up to a moment. */
  readonly countUnended: (untilNs: bigint) => Promise<number>;
}

/**
 * Finds where reading can end so that every run that begins in the range is whole; null: with the last event. Runs are
 * seldom longer than two pauses, and a range is seldom so old that there are more events behind it.
 */
export async function findReadingEnd(reading: ReadingOn): Promise<bigint | null> {
  const { toNs, pauseNs, newestNs, countUnended } = reading;
  let beyondNs = 2n * pauseNs;
  while (toNs + beyondNs <= newestNs) {
    const untilNs = toNs + beyondNs;
    if ((await countUnended(untilNs)) === 0) return untilNs;
    beyondNs *= 2n;
  }
  return null;
}
