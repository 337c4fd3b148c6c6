import {
  REFUSALS,
  type RepairPlan,
  type Refusal,
} from '../../../engine/verify/repair/plan-repair.js';
import type { FiguresRepair, WrongFigures } from '../../../engine/verify/repair/repair-figures.js';
import type { MendedRange } from '../../../engine/verify/repair/repair-ranges.js';
import { sanitizeText } from '../sanitize.js';

/** What `verify --repair` did or would do, as `--json` publishes it. */
export interface RepairAnswer {
  /** false: nothing was touched, because --yes was not given. */
  readonly isApplied: boolean;
  /** Offsets that were mended, or would be; the numbers are null where nothing was touched. */
  readonly ranges: readonly {
    readonly topic: string;
    readonly epoch: number;
    readonly partition: number;
    readonly first: string;
    readonly last: string;
    readonly events: number | null;
    readonly deadLetters: number | null;
    readonly ledgerLines: number | null;
  }[];
  /** Hours of figures per minute that were made anew, or would be. */
  readonly figures: readonly {
    readonly shard: number;
    readonly rollup: string;
    readonly hours: number;
  }[];
  /** Why figures were left as they are; null: they were not, or none is wrong. */
  readonly figuresRefusal: FiguresRefusal | null;
  /** What cannot be mended, and why. */
  readonly unmended: readonly {
    readonly kind: string;
    readonly topic: string;
    readonly epoch: number;
    readonly partition: number;
    readonly first: string;
    readonly last: string;
    readonly refusal: Refusal;
    readonly message: string;
  }[];
}

/** Why figures were not made anew. */
type FiguresRefusal = 'workers_up' | 'chunk_open';

const FIGURES_REFUSALS: Readonly<Record<FiguresRefusal, string>> = {
  workers_up:
    'an ingest worker is up, and an insert beside the repair would be counted twice or not at all. Stop the workers and run it again',
  chunk_open:
    'a worker has announced a chunk and not finished it. Start the workers, let them catch up, stop them, and run it again',
};

/** What would be done. */
export function plannedAnswer(plan: RepairPlan, wrong: readonly WrongFigures[]): RepairAnswer {
  const ranges = plan.ranges.map(({ topic, epoch, partition, first, last }) => ({
    ...{ topic, epoch, partition, first: String(first), last: String(last) },
    ...{ events: null, deadLetters: null, ledgerLines: null },
  }));
  const figures = wrong.map(figuresAnswer);
  const rest = { figuresRefusal: null, unmended: unmendedAnswer(plan) };
  return { isApplied: false, ranges, figures, ...rest };
}

/** What was done. */
export function appliedAnswer(
  plan: RepairPlan,
  mended: readonly MendedRange[],
  figures: FiguresRepair,
): RepairAnswer {
  return {
    isApplied: true,
    ranges: mended.map((range) => ({
      ...range,
      first: String(range.first),
      last: String(range.last),
    })),
    figures: figures.kind === 'done' ? figures.rebuilt.map(figuresAnswer) : [],
    figuresRefusal: figures.kind === 'done' || figures.kind === 'none' ? null : figures.kind,
    unmended: unmendedAnswer(plan),
  };
}

function figuresAnswer({ shard, rollup, ranges }: WrongFigures): RepairAnswer['figures'][number] {
  return { shard, rollup, hours: ranges.length };
}

function unmendedAnswer({ unmended }: RepairPlan): RepairAnswer['unmended'] {
  return unmended.map(({ finding, refusal }) => {
    const { kind, topic, epoch, partition, first, last } = finding;
    const range = { first: String(first), last: String(last) };
    return { kind, topic, epoch, partition, ...range, refusal, message: REFUSALS[refusal] };
  });
}

/** Lines shown in full on a terminal; the rest is in --json. */
const LINES_SHOWN_MAX = 50;

/** What was mended, or would be, and what cannot be. */
export function renderRepair(answer: RepairAnswer): string {
  const { isApplied, ranges, figures, figuresRefusal, unmended } = answer;
  const parts: string[] = [];
  const done = [
    ...ranges.map((range) => `  ${placeOf(range)}${isApplied ? `: ${countsOf(range)}` : ''}`),
    ...figures.map(({ shard, rollup, hours }) => {
      const what = `${hours} ${hours === 1 ? 'hour' : 'hours'} of figures`;
      return `  ${rollup} on shard ${shard}: ${what} from the events`;
    }),
  ];
  if (done.length > 0)
    parts.push(
      listOf(isApplied ? 'Mended from the queue:' : 'Would be mended from the queue:', done),
    );
  if (unmended.length > 0) {
    const lines = unmended.map((each) => `  ${each.kind}: ${placeOf(each)}: ${each.message}`);
    parts.push(listOf('Cannot be mended:', lines));
  }
  if (figuresRefusal !== null)
    parts.push(`Figures were left as they are: ${FIGURES_REFUSALS[figuresRefusal]}.`);
  return parts.join('\n\n');
}

function listOf(title: string, lines: readonly string[]): string {
  const rest = lines.length - LINES_SHOWN_MAX;
  const shown = lines.slice(0, LINES_SHOWN_MAX);
  return [title, ...shown, ...(rest > 0 ? [`  … and ${rest} more (see --json)`] : [])].join('\n');
}

function placeOf({
  topic,
  epoch,
  partition,
  first,
  last,
}: {
  readonly topic: string;
  readonly epoch: number;
  readonly partition: number;
  readonly first: string;
  readonly last: string;
}): string {
  const range = first === last ? `offset ${first}` : `offsets ${first}–${last}`;
  return `${sanitizeText(topic)}/${epoch}/${partition} ${range}`;
}

function countsOf({ events, deadLetters, ledgerLines }: RepairAnswer['ranges'][number]): string {
  const counts = [
    [events, 'event', 'events'],
    [deadLetters, 'dead letter', 'dead letters'],
    [ledgerLines, 'ledger line', 'ledger lines'],
  ] as const;
  const said = counts
    .filter(([count]) => count !== null && count > 0)
    .map(([count, one, many]) => `${count ?? 0} ${count === 1 ? one : many}`);
  return said.length > 0 ? said.join(', ') : 'nothing to do any more';
}
