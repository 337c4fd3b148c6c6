import { systemClock } from '../../../engine/model/clock.js';
import {
  factsWith,
  type Answer,
  type AnswerColumn,
  type AnswerShape,
} from '../../../engine/model/question/answer.js';
import type { ReadProgress } from '../../../store/clickhouse/read-progress.js';
import type { Store } from '../../../store/clickhouse/store.js';
import type { StatementParts } from '../../../store/search/readable-sql.js';
import type { ShardPlan } from '../../../store/search/search-plan.js';
import { reportMissingShards } from '../../_cli/partial-answer.js';
import { showAnswer } from '../../_cli/pager.js';
import { describeTerminal } from '../../_cli/terminal.js';
import { renderAnswer } from '../_question/render/render-answer.js';
import { pageQuestion } from './answer-page.js';
import { formatOfFigures } from './logs-question.js';
import type { SearchRequest } from './search-request.js';
import { toFacets } from './summary/ask-facets.js';
import { toHistogram } from './summary/ask-histogram.js';

const COLUMNS: readonly AnswerColumn[] = [
  { name: 'shard', kind: 'count', summary: 'The shard, from 0.' },
  {
    name: 'index',
    kind: 'text',
    summary: 'What narrows the search; each leaves less to the next.',
  },
  { name: 'parts', kind: 'count', summary: 'Parts of the table that it leaves.' },
  { name: 'of_parts', kind: 'count', summary: 'Parts that it was asked about.' },
  { name: 'marks', kind: 'count', summary: 'Granules of rows that it leaves, to be read at most.' },
  { name: 'of_marks', kind: 'count', summary: 'Granules that it was asked about.' },
];

/** What `--explain` answers. */
export const EXPLAIN_SHAPE: AnswerShape = {
  columns: COLUMNS,
  facts: [
    { name: 'found', kind: 'count', summary: 'Events of the answer.' },
    { name: 'rows_read', kind: 'count', summary: 'Rows read on all shards.' },
    { name: 'bytes_read', kind: 'bytes', summary: 'Bytes read on all shards, unpacked.' },
    { name: 'took', kind: 'duration', summary: 'Until the last row had come.' },
    { name: 'shards', kind: 'text', summary: 'Shards that answered.' },
  ],
};

const NS_PER_MS = 1_000_000n;

/** Asks the search, throws its answer away, and writes what it cost and what the indexes left. */
export async function explainSearch(store: Store, request: SearchRequest): Promise<void> {
  const { question, signal } = request;
  const format = formatOfFigures(question.format);
  const search = await measurable(store, request);
  let read: ReadProgress = { rows: 0, bytes: 0 };
  const startMs = systemClock.nowMs();
  const { found, missingShards } = await search.run((progress) => (read = progress));
  const took = systemClock.nowMs() - startMs;
  const { readSearchPlan } = await import('../../../store/search/search-plan.js');
  const plans = await readSearchPlan(store, search.local, { signal, missingShards });
  const { range, nowMs, zone } = question;
  const answer: Answer = {
    question: 'explain',
    range: { fromNs: range.fromNs ?? 0n, toNs: range.toNs ?? BigInt(nowMs) * NS_PER_MS },
    columns: COLUMNS,
    rows: plans.flatMap(toRows),
    intervalsNs: [],
    facts: factsWith(EXPLAIN_SHAPE.facts, {
      found,
      rows_read: read.rows,
      bytes_read: read.bytes,
      took,
      shards: `${store.shardCount - missingShards.length} of ${store.shardCount}`,
    }),
    notes: [],
    source: 'events',
    missingShards,
  };
  const terminal = describeTerminal(process.stdout);
  await showAnswer(renderAnswer(answer, { format, terminal, zone, measure: undefined }));
  reportMissingShards(missingShards, store.shardCount);
}

function toRows({ shard, indexes }: ShardPlan) {
  return indexes.map(({ type, name, parts, granules }) => ({
    shard,
    index: `${type} ${name}`.trim(),
    parts: parts.selected,
    of_parts: parts.total,
    marks: granules.selected,
    of_marks: granules.total,
  }));
}

/** A search that can be asked for its cost alone. */
interface Measurable {
  /** Over the tables of one shard. */
  readonly local: StatementParts;
  run(onProgress: (progress: ReadProgress) => void): Promise<{
    readonly found: number;
    readonly missingShards: readonly number[];
  }>;
}

async function measurable(
  store: Store,
  { question, flags: { histogram, facets }, signal }: SearchRequest,
): Promise<Measurable> {
  if (histogram !== undefined) {
    const { histogramQuery, readHistogram } = await import('../../../store/search/histogram.js');
    const asked = await toHistogram(store, { every: histogram, question, signal });
    return {
      local: overLocal(histogramQuery(asked)),
      async run(onProgress) {
        const { facts, missingShards } = await readHistogram(store, asked, { signal, onProgress });
        return { found: Number(facts[0]?.value), missingShards };
      },
    };
  }
  if (facets !== undefined) {
    const { facetsQuery, readFacets } = await import('../../../store/search/facets.js');
    const asked = toFacets(facets, question);
    return {
      local: overLocal(facetsQuery(asked)),
      async run(onProgress) {
        const { total, missingShards } = await readFacets(store, asked, { signal, onProgress });
        return { found: total, missingShards };
      },
    };
  }
  return measurablePage(store, question, signal);
}

async function measurablePage(
  store: Store,
  question: SearchRequest['question'],
  signal: AbortSignal,
): Promise<Measurable> {
  const [{ buildLogQuery }, { readLogs }] = await Promise.all([
    import('../../../store/query/log-query.js'),
    import('../../../store/query/logs.js'),
  ]);
  const { asked } = await pageQuestion(question);
  return {
    local: buildLogQuery(asked),
    async run(onProgress) {
      let found = 0;
      let missingShards: readonly number[] = [];
      const onMissing = (shards: readonly number[]): void => {
        missingShards = shards;
      };
      const { events } = readLogs(store, asked, { signal, onProgress, onMissing });
      for await (const _ of events) found += 1;
      return { found, missingShards };
    },
  };
}

/** A question to all shards as one of them is asked it. */
function overLocal({ sql, params }: StatementParts): StatementParts {
  return { sql: sql.replaceAll(/\bFROM events\b/gu, 'FROM events_local'), params };
}
