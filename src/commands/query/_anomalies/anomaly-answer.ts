import type { Explanation } from '../../../engine/anomaly/explain.js';
import {
  factsWith,
  type Answer,
  type AnswerColumn,
  type AnswerRange,
  type AnswerShape,
} from '../../../engine/model/question/answer.js';
import { ROLLUPS } from '../../../store/metric/rollup.js';
import type { AnomalyFindings, Unwatched } from './read-anomalies.js';

const NS_PER_MS = 1_000_000n;

const COLUMNS: readonly AnswerColumn[] = [
  { name: 'kind', kind: 'text', summary: 'multitude, refunds or series.' },
  { name: 'what', kind: 'text', summary: 'What is out of the ordinary.' },
  { name: 'who', kind: 'text', summary: 'User, session, service, provider or type.' },
  { name: 'from', kind: 'time', summary: 'When it began.' },
  { name: 'to', kind: 'time', summary: 'When it ended, itself not included.' },
  { name: 'seen', kind: 'number', summary: 'What was seen in that time.' },
  { name: 'expected', kind: 'number', summary: 'What would have been usual.' },
  {
    name: 'score',
    kind: 'number',
    summary: 'Robust standard deviations from usual; negative: too little.',
  },
];

/** What `anomalyAnswer` says. */
export const ANOMALIES_SHAPE: AnswerShape = {
  columns: COLUMNS,
  facts: [
    {
      name: 'warmingUp',
      kind: 'count',
      summary: 'Series with too little history to be judged; null: none was read.',
    },
  ],
};

/** Anomalies as rows, the farthest from usual first. */
export function anomalyAnswer(
  { anomalies, warmingUp, unwatched, missingShards }: AnomalyFindings,
  { range, limit }: { readonly range: AnswerRange; readonly limit: number },
): Answer {
  const isCut = anomalies.length > limit;
  return {
    question: 'anomalies',
    range,
    columns: COLUMNS,
    rows: anomalies.slice(0, limit).map(({ fromMs, toMs, ...rest }) => ({
      ...rest,
      from: BigInt(fromMs) * NS_PER_MS,
      to: BigInt(toMs) * NS_PER_MS,
    })),
    intervalsNs: [],
    facts: factsWith(ANOMALIES_SHAPE.facts, { warmingUp }),
    notes: [
      ...(isCut ? [`Only the first ${limit} of ${anomalies.length} are shown (--limit).`] : []),
      ...(warmingUp !== null && warmingUp > 0
        ? [
            `${warmingUp} series are warming up: what is usual at an hour is known after three days of it.`,
          ]
        : []),
      ...unwatched.map((why) => UNWATCHED_NOTES[why]),
    ],
    source: 'events',
    missingShards,
  };
}

const KEPT_FIELDS = ROLLUPS.traffic_1m.join(', ');

const UNWATCHED_NOTES: Readonly<Record<Unwatched, string>> = {
  'series-unknown':
    'No figure is judged: not every shard has said from when on its figures per minute are complete (atbd migrate).',
  'series-filter': `No figure is judged: the conditions name a field that the figures per minute do not have (they have ${KEPT_FIELDS}).`,
  attempts: `Attempts are not watched: the journeys tell them by a field that the figures per minute do not have (they have ${KEPT_FIELDS}).`,
};

const EXPLAIN_COLUMNS: readonly AnswerColumn[] = [
  { name: 'field', kind: 'text', summary: 'A field; source is file:line.' },
  { name: 'value', kind: 'text', summary: 'A value of it.' },
  { name: 'bad', kind: 'count', summary: 'Events with it that went wrong.' },
  { name: 'share', kind: 'share', summary: 'Share of all that went wrong (support).' },
  {
    name: 'lift',
    kind: 'number',
    summary: 'How many times oftener what has it goes wrong than what has another value.',
  },
];

/** What `explanationAnswer` says. */
export const EXPLANATION_SHAPE: AnswerShape = { columns: EXPLAIN_COLUMNS, facts: [] };

/** What is over-represented in what went wrong. */
export function explanationAnswer(
  explanations: readonly Explanation[],
  {
    range,
    limit,
    missingShards,
  }: {
    readonly range: AnswerRange;
    readonly limit: number;
    readonly missingShards: readonly number[];
  },
): Answer {
  return {
    question: 'anomalies',
    range,
    columns: EXPLAIN_COLUMNS,
    rows: explanations.slice(0, limit).map((explanation) => ({ ...explanation })),
    intervalsNs: [],
    facts: [],
    notes: [],
    source: 'events',
    missingShards,
  };
}
