import type { LineCounts } from '../../../engine/edge/pump-lines.js';

/** One input and what became of it. */
export interface InputReport {
  readonly path: string;
  readonly format: string | null;
  readonly readCount: number;
  readonly sentCount: number;
  readonly byteCount: number;
  /** Lines that were not sent, or not as what they were meant to be, by reason; zeros are left out. */
  readonly reasons: Readonly<Record<string, number>>;
  /** Why the input could not be read (to its end), null when it could. */
  readonly error: string | null;
}

/** The summary, as `--json` prints it. */
export interface IngestReport {
  readonly topic: string;
  readonly readCount: number;
  readonly sentCount: number;
  /** Lines that were not taken as what they were meant to be: all reasons but `blank` and `joined`. */
  readonly rejectedCount: number;
  readonly reasons: Readonly<Record<string, number>>;
  readonly byteCount: number;
  readonly seconds: number;
  readonly inputs: readonly InputReport[];
}

/** A blank line holds nothing that could be rejected, and a joined one was sent with the event before it. */
const HARMLESS: readonly string[] = ['blank', 'joined'];

export function summarise(
  inputs: readonly InputReport[],
  { topic, seconds }: { readonly topic: string; readonly seconds: number },
): IngestReport {
  const sum = (of: (input: InputReport) => number): number =>
    inputs.reduce((total, input) => total + of(input), 0);
  const reasons: Record<string, number> = {};
  for (const input of inputs) {
    for (const [reason, count] of Object.entries(input.reasons))
      reasons[reason] = (reasons[reason] ?? 0) + count;
  }
  return {
    topic,
    readCount: sum(({ readCount }) => readCount),
    sentCount: sum(({ sentCount }) => sentCount),
    rejectedCount: Object.entries(reasons).reduce(
      (total, [reason, count]) => (HARMLESS.includes(reason) ? total : total + count),
      0,
    ),
    reasons,
    byteCount: sum(({ byteCount }) => byteCount),
    seconds,
    inputs,
  };
}

export function presentReasons({ reasons }: LineCounts): Record<string, number> {
  return Object.fromEntries(Object.entries(reasons).filter(([, count]) => count > 0));
}

const MEANING: Readonly<Record<string, string>> = {
  blank: 'blank lines left out',
  joined: 'lines joined to the event before them',
  line_too_large: 'lines over 1 MB of which only the start was sent',
  unparsed: 'lines that did not fit the format sent as plain text',
  invalid_time: 'lines whose time cannot be read sent with the time of arrival',
  invalid_utf8: 'lines with invalid UTF-8 sent with the bad bytes replaced',
};

/** The summary for people, a few lines. */
export function describeReport(report: IngestReport): string {
  const rate = report.seconds > 0 ? Math.round(report.sentCount / report.seconds) : 0;
  const lines = [
    `Sent ${grouped(report.sentCount)} events of ${grouped(report.readCount)} lines to ${report.topic}` +
      ` in ${report.seconds.toFixed(1)} s (${grouped(rate)}/s).`,
  ];
  for (const [reason, count] of Object.entries(report.reasons)) {
    lines.push(`  ${grouped(count)} ${MEANING[reason] ?? reason} (${reason})`);
  }
  return lines.join('\n');
}

export function grouped(count: number): string {
  return count.toLocaleString('en-US');
}

/** One line of progress: what was read, how fast, and how long it will take where that is known. */
export function describeProgress(
  { readCount, byteCount }: { readonly readCount: number; readonly byteCount: number },
  { seconds, totalBytes }: { readonly seconds: number; readonly totalBytes: number | undefined },
): string {
  const rate = seconds > 0 ? readCount / seconds : 0;
  const parts = [`${grouped(readCount)} lines`, `${grouped(Math.round(rate))}/s`];
  if (totalBytes !== undefined && totalBytes > 0 && byteCount > 0) {
    const share = Math.min(1, byteCount / totalBytes);
    const leftSeconds = (seconds * (1 - share)) / share;
    parts.push(`${Math.floor(share * 100)} %`, `${Math.ceil(leftSeconds)} s left`);
  }
  return parts.join(' · ');
}
