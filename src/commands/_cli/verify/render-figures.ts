import type { FiguresReport } from '../../../engine/verify/verify-figures.js';
import { sanitizeText } from '../sanitize.js';

/** One roll-up of one shard, as `verify --json` publishes it. */
export interface FiguresAnswer {
  readonly shard: number;
  readonly rollup: string;
  readonly verdict: 'ok' | 'failed' | 'not_compared';
  /** RFC 3339; null when it was not compared, because no question reads it either. */
  readonly comparedFrom: string | null;
  readonly equalHours: number;
  readonly unsettledHours: number;
  readonly wrongHours: number;
  /** Differences beyond those listed may be there. */
  readonly isCutOff: boolean;
  readonly differences: readonly {
    readonly minute: string;
    readonly key: string;
    readonly figures: number;
    readonly events: number;
  }[];
}

export function toFiguresAnswer(report: FiguresReport): FiguresAnswer {
  const { shard, rollup, comparedFrom, differences, wrongRanges: _, ...rest } = report;
  const isWrong = report.wrongHours > 0;
  return {
    shard,
    rollup,
    verdict: comparedFrom === null ? 'not_compared' : isWrong ? 'failed' : 'ok',
    comparedFrom: comparedFrom === null ? null : timeOf(comparedFrom),
    ...rest,
    differences: differences.map(({ minute, ...difference }) => ({
      minute: timeOf(minute),
      ...difference,
    })),
  };
}

function timeOf(seconds: number): string {
  return new Date(seconds * 1_000).toISOString().replace('.000Z', 'Z');
}

/** Differences shown in full on a terminal; the rest is in --json. */
const DIFFERENCES_SHOWN_MAX = 20;

/** What to try when figures differ. */
export const FIGURES_HINT =
  'Questions that read these figures answer wrongly, those that read events do not (--explain says which). Look for rows that were changed, ' +
  'deleted or put in by hand on that shard (system.mutations, system.part_log), and for findings above in the same minutes.';

/** A sentence when all is well; else the minutes that differ, and what to try. */
export function renderFigures(figures: readonly FiguresAnswer[]): string {
  const wrong = figures.filter(({ verdict }) => verdict === 'failed');
  const parts = [renderSummary(figures)];
  if (wrong.length > 0) parts.push(renderDifferences(wrong), `What to try:\n  ${FIGURES_HINT}`);
  const unsettled = figures.filter(({ unsettledHours }) => unsettledHours > 0);
  if (unsettled.length > 0) {
    const places = unsettled.map(
      ({ shard, rollup, unsettledHours }) =>
        `${rollup} on shard ${shard} (${countOf(unsettledHours, 'hour')})`,
    );
    parts.push(
      `Not judged, because they changed while they were read or a chunk that was announced is not finished: ${places.join(', ')}. ` +
        'Run it again when less is going on, with the ingest workers up.',
    );
  }
  const skipped = figures.filter(({ verdict }) => verdict === 'not_compared');
  if (skipped.length > 0) {
    const places = skipped.map(({ shard, rollup }) => `${rollup} on shard ${shard}`);
    parts.push(
      `Not compared, because it is not known from when on they are complete: ${places.join(', ')}. Questions read the events instead; \`atbd migrate\` records it.`,
    );
  }
  return parts.join('\n\n');
}

function renderSummary(figures: readonly FiguresAnswer[]): string {
  const compared = figures.filter(({ verdict }) => verdict !== 'not_compared');
  const hours = (value: (answer: FiguresAnswer) => number): number =>
    compared.reduce((total, answer) => total + value(answer), 0);
  const equal = hours(({ equalHours }) => equalHours);
  const wrong = hours(({ wrongHours }) => wrongHours);
  const names = [...new Set(compared.map(({ rollup }) => rollup))].join(', ');
  const shards = new Set(figures.map(({ shard }) => shard)).size;
  const what = `Figures per minute (${names}) on ${countOf(shards, 'shard')}`;
  if (equal + wrong === 0) return `${what}: none to compare.`;
  const verdict = wrong === 0 ? '' : `, ${countOf(wrong, 'hour')} DIFFER`;
  return `${what}: ${countOf(equal, 'hour')} equal a recount of the events${verdict}.`;
}

function renderDifferences(wrong: readonly FiguresAnswer[]): string {
  const lines = wrong.flatMap(({ shard, rollup, differences }) =>
    differences.map(({ minute, key, figures, events }) => {
      const place = `${rollup} on shard ${shard} at ${minute}`;
      const counts =
        figures === events
          ? `${countOf(events, 'event')} in both, but other values`
          : `${figures} in the figures, ${countOf(events, 'event')}`;
      return `  ${place}: ${sanitizeText(key)}: ${counts}`;
    }),
  );
  const shown = lines.slice(0, DIFFERENCES_SHOWN_MAX);
  const rest = lines.length - shown.length;
  if (rest > 0) shown.push(`  … and ${rest} more (see --json)`);
  if (wrong.some(({ isCutOff }) => isCutOff))
    shown.push('  … and some that are not listed anywhere');
  return ['Figures that differ from the events:', ...shown].join('\n');
}

function countOf(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
