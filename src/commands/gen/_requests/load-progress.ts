import { isLively } from '../../_cli/style.js';
import { cutToWidth } from '../../_cli/text-table.js';
import { grouped } from '../../_cli/ingest/ingest-progress.js';
import type { Figures } from './load-report.js';
import { milliseconds } from './render-load.js';

export interface ProgressOptions {
  readonly figures: () => Figures;
  readonly runSeconds: number;
}

/** Often enough to see a spike, and slow enough to be read. */
const LIVELY_INTERVAL_MS = 1_000;
/** Without a terminal: a line now and then. */
const PLAIN_INTERVAL_MS = 5_000;
const FALLBACK_COLUMNS = 80;
const CLEAR_LINE = '\r\u001b[K';

/** Tells on stderr how the load goes: one line that is written over on a terminal, a plain line now and then elsewhere. */
export function startLoadProgress(options: ProgressOptions): Disposable {
  const stream = process.stderr;
  const lively = isLively(stream);
  let before = options.figures();
  const timer = setInterval(
    () => {
      const now = options.figures();
      const text = describeMoment(now, before, options.runSeconds);
      before = now;
      const columns = stream.columns || FALLBACK_COLUMNS;
      stream.write(lively ? CLEAR_LINE + cutToWidth(text, columns - 1) : `${text}\n`);
    },
    lively ? LIVELY_INTERVAL_MS : PLAIN_INTERVAL_MS,
  );
  return {
    [Symbol.dispose]() {
      clearInterval(timer);
      if (lively) stream.write(CLEAR_LINE);
    },
  };
}

/** Rates are of the time between the two looks, latencies of the whole run. */
export function describeMoment(now: Figures, before: Figures, runSeconds: number): string {
  const seconds = now.seconds - before.seconds;
  const rate = (lane: 'events' | 'selects', count: 'done' | 'planned'): string =>
    grouped(Math.round((now[lane][count] - before[lane][count]) / seconds));
  const failedCount = now.events.failed + now.selects.failed + now.probes.failed;
  const lateCount = now.events.late + now.selects.late;
  const isDraining = now.seconds > runSeconds;
  return [
    isDraining
      ? 'waiting for the last answers'
      : `${Math.round(now.seconds)} of ${Math.round(runSeconds)} s`,
    `${rate('events', 'done')} events/s of ${rate('events', 'planned')}`,
    `${rate('selects', 'done')} selects/s of ${rate('selects', 'planned')}`,
    ...(now.trace.p99 === null ? [] : [`trace p99 ${milliseconds(now.trace.p99)}`]),
    ...(now.freshness.p99 === null ? [] : [`fresh p99 ${milliseconds(now.freshness.p99)}`]),
    ...(failedCount === 0 ? [] : [`${grouped(failedCount)} failed`]),
    ...(lateCount === 0 ? [] : [`${grouped(lateCount)} late`]),
  ].join(' · ');
}
