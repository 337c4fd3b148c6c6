import type { JourneysSpec, Where } from '../model/question/journeys.js';

type FileWhere = Record<string, string | string[]> | string;

/** What a file of journeys says: durations are text, and whatever is left out is as in the shop. */
export interface JourneysFile {
  readonly pageViews: { readonly where: FileWhere };
  readonly sessions: {
    readonly gap: string;
    readonly linger: string;
    readonly buyingOperations: string[];
  };
  readonly transactions: { readonly where: FileWhere; readonly okStatuses: string[] };
  readonly attempts: {
    readonly where: FileWhere;
    readonly okStatuses: string[];
    readonly patience: string;
    readonly abandoned: 'failed' | 'apart';
  };
  readonly settled: {
    readonly ok: FileWhere;
    readonly failed: FileWhere;
    readonly refunded: FileWhere;
  };
  readonly funnel: {
    readonly within: string | null;
    readonly steps: { readonly step: string; readonly where: FileWhere }[];
  };
}

/** What each setting means: for the schema, and as comments in a printed file. */
export const ABOUT_JOURNEYS = {
  pageViews: 'A page that somebody looked at.',
  sessions: 'When somebody is there, and whether he buys.',
  'sessions.gap': 'A pause this long begins a new session, under the same ID, too.',
  'sessions.linger': 'How long somebody stays after the last sign of him.',
  'sessions.buyingOperations': 'With one of these a session is buying, else viewing.',
  transactions: 'Facts that end a business transaction, one each.',
  'transactions.okStatuses': 'These did what the customer wanted; every other one failed.',
  attempts: 'Attempts to get an order paid: those of one order are a chain.',
  'attempts.okStatuses': 'With one of these the order is paid.',
  'attempts.patience': 'After a longer pause an attempt begins a chain of its own.',
  'attempts.abandoned':
    'What a chain is that nobody decided before patience ran out: failed, or counted apart.',
  settled: 'Facts that decide the chain of their order, or give its money back.',
  funnel: 'Steps on the way to a sale, in their order.',
  'funnel.within': 'Longest time from the first step to any other; null: as long as the session.',
} as const;

/** The file that says the same; nothing is left out. */
export function fileOf(spec: JourneysSpec): JourneysFile {
  const { pageViews, sessions, transactions, attempts, settled, funnel } = spec;
  return {
    pageViews: { where: copyOf(pageViews.where) },
    sessions: {
      gap: durationText(sessions.gapMs),
      linger: durationText(sessions.lingerMs),
      buyingOperations: [...sessions.buyingOperations],
    },
    transactions: {
      where: copyOf(transactions.where),
      okStatuses: [...transactions.okStatuses],
    },
    attempts: {
      where: copyOf(attempts.where),
      okStatuses: [...attempts.okStatuses],
      patience: durationText(attempts.patienceMs),
      abandoned: attempts.abandoned,
    },
    settled: {
      ok: copyOf(settled.ok),
      failed: copyOf(settled.failed),
      refunded: copyOf(settled.refunded),
    },
    funnel: {
      within: funnel.withinMs === null ? null : durationText(funnel.withinMs),
      steps: funnel.steps.map(({ step, where }) => ({ step, where: copyOf(where) })),
    },
  };
}

function copyOf(where: Where): FileWhere {
  if (typeof where === 'string') return where;
  return Object.fromEntries(
    Object.entries(where).map(([field, values]) => [
      field,
      typeof values === 'string' ? values : [...values],
    ]),
  );
}

const UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
] as const;

/** Whole milliseconds in the largest unit that loses nothing, so that it is read back as it is. */
function durationText(ms: number): string {
  const [unit, size] = UNITS.find(([, each]) => ms > 0 && ms % each === 0) ?? ['ms', 1];
  return `${ms / size}${unit}`;
}
