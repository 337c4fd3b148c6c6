/** How much of the end of a part's output is remembered to explain its death. */
const TAIL_BYTES_MAX = 8 * 1024;

/** Longest explanation: it stands in one line of `atbd status`. */
const LINE_LENGTH_MAX = 300;

/** The end of a part's output, to find the line that says why it died. */
export class OutputTail {
  #tail = Buffer.alloc(0);

  add(chunk: Buffer): void {
    this.#tail = Buffer.concat([this.#tail, chunk]).subarray(-TAIL_BYTES_MAX);
  }

  /** The last line that speaks of an error, else the last line; undefined when there was no output. */
  mostTelling(): string | undefined {
    const lines = this.#tail
      .toString('utf8')
      .split('\n')
      .map((line) => line.trim());
    const isTelling = (line: string): boolean => /\b(error|exception|cannot|fatal)\b/i.test(line);
    const line = lines.findLast(isTelling) ?? lines.findLast((at) => at !== '');
    return line === undefined ? undefined : spoken(line).slice(0, LINE_LENGTH_MAX);
  }
}

/** Our own workers log JSON: its message says it. */
function spoken(line: string): string {
  try {
    const value: unknown = JSON.parse(line);
    const message =
      typeof value === 'object' && value !== null && 'message' in value ? value.message : line;
    return typeof message === 'string' ? message : line;
  } catch {
    return line;
  }
}
