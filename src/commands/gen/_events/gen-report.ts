import type { Truth } from '../../../engine/generate/truth.js';
import { grouped } from '../../_cli/ingest/ingest-progress.js';

/** What was sent, as `--json` prints it. */
export interface GenReport {
  /** Where to: `topic events`, `file x.ndjson`, `standard output`. */
  readonly to: string;
  readonly seed: number;
  /** Of the simulated time. */
  readonly from: string;
  readonly until: string;
  /** By this process, arrived safely. */
  readonly sentCount: number;
  readonly seconds: number;
  /** False when it was stopped before the end. */
  readonly isComplete: boolean;
  /** Of the whole run, the shares of other processes included; null when it was stopped before the end. */
  readonly truth: Pick<
    Truth,
    'sent' | 'amounts' | 'actionCount' | 'sessionCount' | 'chains'
  > | null;
}

/** The report for people, a few lines. */
export function describeGenReport(report: GenReport): string {
  const rate = report.seconds > 0 ? Math.round(report.sentCount / report.seconds) : 0;
  const lines = [
    `Sent ${grouped(report.sentCount)} events to ${report.to} in ${report.seconds.toFixed(1)} s (${grouped(rate)}/s), seed ${report.seed}.`,
  ];
  const { truth } = report;
  if (truth === null)
    lines.push(`Stopped before the end, at ${report.until} of the simulated time.`);
  else {
    const { chains } = truth;
    lines.push(
      `  ${grouped(truth.sessionCount)} visits, ${grouped(truth.actionCount)} actions`,
      `  orders paid at once ${grouped(chains.ok_first)}, recovered ${grouped(chains.recovered)}, failed ${grouped(chains.failed)}, open ${grouped(chains.open)}`,
    );
  }
  return lines.join('\n');
}

/** One line of progress. */
export function describeGenProgress(progress: {
  readonly sentCount: number;
  readonly seconds: number;
  /** Of the simulated time, 0 to 1. */
  readonly share: number;
}): string {
  const { sentCount, seconds, share } = progress;
  const rate = seconds > 0 ? Math.round(sentCount / seconds) : 0;
  const parts = [
    `${grouped(sentCount)} events`,
    `${grouped(rate)}/s`,
    `${Math.floor(share * 100)} %`,
  ];
  if (share > 0 && share < 1) parts.push(`${Math.ceil((seconds * (1 - share)) / share)} s left`);
  return parts.join(' · ');
}
