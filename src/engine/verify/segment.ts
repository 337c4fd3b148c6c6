import type { LedgerLine, Tally } from '../model/verify.js';

/**
 * A stretch of offsets that is recounted as one: neighbouring ledger lines, or (without lines) a
 * gap that the ledger leaves.
 */
export interface Segment {
  readonly first: bigint;
  readonly last: bigint;
  readonly lines: readonly LedgerLine[];
  /** Two of the lines cover the same offset, so counts prove nothing. */
  readonly isTangled: boolean;
}

/** Lines of one segment: enough that a month of small chunks needs few buckets, few enough to descend quickly. */
const SEGMENT_LINES_MAX = 100;

/**
 * Cuts the ledger into segments. Lines come ascending by `first`; only dense lines (every offset
 * was a record) share a segment: there count, distinct and range together prove each offset, while
 * in a line with natural holes a missing row and a surplus one could hide each other.
 */
export class SegmentCutter {
  #end: bigint;
  #lines: LedgerLine[] = [];
  #first = 0n;
  #last = 0n;
  #isTangled = false;

  /** `start` is the first offset that the ledger should cover. */
  constructor(start: bigint) {
    this.#end = start;
  }

  add(line: LedgerLine): Segment[] {
    const cut: Segment[] = [];
    const isOverlap = this.#lines.length > 0 && line.first <= this.#last;
    if (!isOverlap && !this.#hasRoomFor(line)) cut.push(...this.#flush());
    if (line.first > this.#end) {
      cut.push({ first: this.#end, last: line.first - 1n, lines: [], isTangled: false });
    }
    if (this.#lines.length === 0) {
      this.#first = line.first;
      this.#last = line.last;
    }
    if (isOverlap || line.copies > 1) this.#isTangled = true;
    this.#lines.push(line);
    if (line.last > this.#last) this.#last = line.last;
    if (this.#last + 1n > this.#end) this.#end = this.#last + 1n;
    return cut;
  }

  /** The rest; `until` is where the ledger should end (exclusive). */
  close(until: bigint): Segment[] {
    const cut = this.#flush();
    if (this.#end < until) {
      cut.push({ first: this.#end, last: until - 1n, lines: [], isTangled: false });
    }
    return cut;
  }

  #hasRoomFor(line: LedgerLine): boolean {
    const [head] = this.#lines;
    if (!head) return true;
    if (this.#isTangled || line.copies > 1 || line.first !== this.#last + 1n) return false;
    return this.#lines.length < SEGMENT_LINES_MAX && isDense(head) && isDense(line);
  }

  #flush(): Segment[] {
    if (this.#lines.length === 0) return [];
    const segment = {
      first: this.#first,
      last: this.#last,
      lines: this.#lines,
      isTangled: this.#isTangled,
    };
    this.#lines = [];
    this.#isTangled = false;
    return [segment];
  }
}

/** Every offset of the line was a record. */
export function isDense(line: LedgerLine): boolean {
  return line.last - line.first + 1n === BigInt(line.stored + line.dead);
}

/** True when the recount proves the segment whole: each offset once, and as the ledger says. */
export function isProven(segment: Segment, tally: Tally | undefined): boolean {
  if (segment.isTangled) return false;
  const stored = sum(segment.lines, (line) => line.stored);
  const dead = sum(segment.lines, (line) => line.dead);
  if (!tally) return stored + dead === 0;
  const { rows, rowsDistinct, deadLetters, deadLettersDistinct, distinct } = tally;
  const more = sum(segment.lines, (line) => line.more);
  if (tally.more !== more || tally.moreDistinct !== more) return false;
  if (rows !== stored || rowsDistinct !== stored) return false;
  if (deadLetters !== dead || deadLettersDistinct !== dead) return false;
  return distinct === stored + dead;
}

function sum(lines: readonly LedgerLine[], value: (line: LedgerLine) => number): number {
  return lines.reduce((total, line) => total + value(line) * line.copies, 0);
}
