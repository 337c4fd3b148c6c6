import {
  TIME_COLUMN,
  type AnswerColumn,
  type AnswerRow,
  type AnswerShape,
  type Buckets,
  type Cell,
} from '../../engine/model/question/answer.js';
import { AS_OF_FACTS, PROVISIONAL_COLUMN } from '../../engine/model/question/as-of.js';
import type { Journeys } from '../../engine/model/question/journeys.js';
import { intervalsOf } from '../metric/fill-buckets.js';
import type { FieldName } from '../metric/rollup.js';

/** Sessions of one interval and one split; lists have an entry for each step. */
export interface Group {
  readonly timeNs: bigint | null;
  readonly names: readonly string[];
  readonly sessions: readonly number[];
  readonly users: readonly number[];
  /** Nanoseconds from the step before; of the first step nothing is meant. */
  readonly took50: readonly bigint[];
  readonly took95: readonly bigint[];
  /** Whether a session may go on. */
  readonly isOpen: boolean;
}

interface Asked {
  readonly journeys: Journeys;
  readonly buckets: Buckets | null;
  readonly by: readonly FieldName[];
}

/** Intervals in which nobody took the first step stand in the answer, too. */
export function fillGroups(groups: readonly Group[], { buckets, journeys }: Asked): Group[] {
  const known = new Map(groups.map((group) => [group.timeNs, group]));
  const none = journeys.funnel.map(() => 0);
  const empty = { names: [], sessions: none, users: none, took50: [], took95: [], isOpen: false };
  return intervalsOf(buckets).map((timeNs) => known.get(timeNs) ?? { ...empty, timeNs });
}

/** A row for each step. */
export function rowsOfGroup(group: Group, { journeys, by }: Asked): AnswerRow[] {
  const keys = {
    ...(group.timeNs === null ? {} : { [TIME_COLUMN.name]: group.timeNs }),
    ...Object.fromEntries(by.map((field, index) => [field, group.names[index] ?? ''])),
  };
  const begun = group.sessions[0] ?? 0;
  return journeys.funnel.map(({ step }, index) => {
    const sessions = group.sessions[index] ?? 0;
    const before = group.sessions[index - 1] ?? 0;
    const isTimed = index > 0 && sessions > 0;
    return {
      ...keys,
      step,
      sessions,
      users: group.users[index] ?? 0,
      share: begun === 0 ? null : sessions / begun,
      drop_out: before === 0 ? null : (before - sessions) / before,
      took_p50: isTimed ? milliseconds(group.took50[index]) : null,
      took_p95: isTimed ? milliseconds(group.took95[index]) : null,
      [PROVISIONAL_COLUMN.name]: group.isOpen,
    } satisfies Record<string, Cell>;
  });
}

function milliseconds(ns: bigint | undefined): number | null {
  return ns === undefined ? null : Number(ns) / 1e6;
}

export function funnelColumns({ buckets, by }: Asked): AnswerColumn[] {
  return [
    ...(buckets === null ? [] : [TIME_COLUMN]),
    ...by.map((name): AnswerColumn => ({
      name,
      kind: 'text',
      summary: `The ${name} of the event with which the session took the first step.`,
    })),
    ...COLUMNS,
  ];
}

const COLUMNS: readonly AnswerColumn[] = [
  { name: 'step', kind: 'text', summary: 'The step, in the order of the way.' },
  { name: 'sessions', kind: 'count', summary: 'Sessions that came to it.' },
  {
    name: 'users',
    kind: 'count',
    isLevel: true,
    isDetail: true,
    summary: 'Different users of these sessions.',
  },
  { name: 'share', kind: 'share', summary: 'Of the sessions that took the first step.' },
  {
    name: 'drop_out',
    kind: 'share',
    summary: 'Share of the sessions of the step before that did not come to this one.',
  },
  {
    name: 'took_p50',
    kind: 'duration',
    summary: 'Half of the sessions took at most so long from the step before.',
  },
  {
    name: 'took_p95',
    kind: 'duration',
    isDetail: true,
    summary: '95 of 100 sessions took at most so long from the step before.',
  },
  PROVISIONAL_COLUMN,
];

/** What `readFunnel` answers. */
export const FUNNEL_SHAPE: AnswerShape = { columns: COLUMNS, facts: AS_OF_FACTS };
