import type { Answer } from '../../../engine/model/question/answer.js';
import type { Journeys } from '../../../engine/model/question/journeys.js';
import type { QuestionAsked } from '../../../engine/model/question/question-asked.js';
import { RESOURCE_DIMENSIONS } from '../../../engine/model/question/resources.js';
import type { StoryStore } from '../../../engine/model/story-store.js';
import { bucketsOf } from '../../../engine/question/buckets.js';
import { UTC } from '../../../engine/time/zone.js';
import type { Store } from '../../../store/clickhouse/store.js';
import { readRetries } from '../../../store/journey/read-retries.js';
import { metricOf } from '../../../store/metric/metrics.js';
import { readFigures } from '../../../store/metric/read-figures.js';
import { readUsers } from '../../../store/presence/read-users.js';
import { readAsOf } from '../../../store/query/as-of.js';
import { askAnomalies } from '../../query/_anomalies/ask-anomalies.js';
import { askResources } from '../../query/_resources/ask-resources.js';

/** Rows that a condition is held against. */
const ROWS_MAX = 10_000;

/** Where a question has no default without intervals. */
const EVERY_MS_DEFAULT = { anomalies: 15 * 60_000, resources: 5 * 60_000 };

const HISTORY_MS = 28 * 86_400_000;

const NS_PER_MS = 1_000_000n;

/** Answers a story's questions as their commands do; over all shards, or not at all. */
export function createQuestions(
  store: Store,
  { journeys, nowMs }: { readonly journeys: Journeys; readonly nowMs: () => number },
): Pick<StoryStore, 'ask'> {
  return {
    ask: (asked, signal) => {
      const options = { signal, requireAll: true };
      return answer(store, { asked, journeys, nowMs: nowMs() }, options);
    },
  };
}

interface Asking {
  readonly asked: QuestionAsked;
  readonly journeys: Journeys;
  readonly nowMs: number;
}

async function answer(
  store: Store,
  { asked: { of, by, everyMs, filter, range: ms }, journeys, nowMs }: Asking,
  options: { readonly signal: AbortSignal; readonly requireAll: boolean },
): Promise<Answer> {
  const range = { fromNs: BigInt(ms.fromMs) * NS_PER_MS, toNs: BigInt(ms.toMs) * NS_PER_MS };
  const every = (widthMs: number) => bucketsOf(range, widthMs, UTC);
  const buckets = everyMs === null ? null : every(everyMs);
  const common = { range, filter, journeys, nowMs, limit: ROWS_MAX };
  switch (of) {
    case 'users':
      return readUsers(store, { ...common, buckets, sessions: journeys.spec.sessions }, options);
    case 'retries': {
      const asOf = await readAsOf(store, { nowMs }, options);
      return readRetries(store, { ...common, buckets, by, asOf }, options);
    }
    case 'resources': {
      const whose = RESOURCE_DIMENSIONS.find((name) => by.includes(name)) ?? 'node';
      const load = { by: whose, cores: 1, buckets: buckets ?? every(EVERY_MS_DEFAULT.resources) };
      return askResources(store, { ...common, ...load }, options);
    }
    case 'anomalies': {
      const width = everyMs ?? EVERY_MS_DEFAULT.anomalies;
      const search = { zone: UTC, everyMs: width, historyMs: HISTORY_MS };
      return askAnomalies(store, { ...common, ...search }, options);
    }
    case 'transactions':
    case 'page-views':
    case 'latency':
      return readFigures(
        store,
        { ...common, metric: metricOf(of, journeys), buckets, by },
        options,
      );
  }
}
