import { AtbdError } from '../../../engine/model/error.js';
import { MATCH_ALL, type Filter } from '../../../engine/model/filter.js';
import type { Answer } from '../../../engine/model/question/answer.js';
import type { Store } from '../../../store/clickhouse/store.js';
import { latency } from '../../../store/metric/metrics.js';
import { readFigures } from '../../../store/metric/read-figures.js';
import { readLogs } from '../../../store/query/logs.js';
import type { StreamOptions } from '../../../store/query/stream-events.js';
import { readTrace } from '../../../store/query/trace/read-trace.js';
import { fieldsOfFormat } from '../../query/_logs/select-fields.js';
import type { QueryKind } from './load-report.js';

/** What the questions are about. */
export interface Subject {
  /** An action that was sent not long ago. */
  readonly opId: string;
  readonly service: string;
  readonly nowMs: number;
}

/** As the commands ask by default. */
const TRACE_LIMIT = 10_000;
const PAGE_LIMIT = 100;
const SERVICES_LIMIT = 1_000;
const LOGS_RANGE_MS = 60 * 60 * 1000;
const FIGURES_RANGE_MS = 5 * 60 * 1000;
const MINUTE_MS = 60_000;
const NS_PER_MS = 1_000_000n;

/**
 * Asks what `atbd query` and the live view ask, and reads the whole answer: one that is left half-read would be cancelled on the
 * server, which is another load. A partial answer counts as a failure.
 */
export async function askStore(
  store: Store,
  kind: QueryKind,
  subject: Subject,
  signal: AbortSignal,
): Promise<void> {
  let missing: readonly number[] = [];
  const options = { signal, onMissing: (shards: readonly number[]) => (missing = shards) };
  await ask(store, kind, subject, options);
  if (missing.length === 0) return;
  throw new AtbdError({
    code: 'PARTIAL_ANSWER',
    message: `cannot count a partial answer: shard ${missing.join(', ')} did not answer`,
    hint: 'See which shard is down: atbd status',
  });
}

async function ask(
  store: Store,
  kind: QueryKind,
  { opId, service, nowMs }: Subject,
  options: Required<Pick<StreamOptions, 'signal' | 'onMissing'>>,
): Promise<void> {
  switch (kind) {
    case 'trace':
      await readTrace(store, { ids: [opId], limit: TRACE_LIMIT }, options);
      return;
    case 'logs':
      return readPage(store, textFilter('level', ['error', 'fatal']), nowMs, options);
    case 'tail':
      return readPage(store, textFilter('service', [service]), nowMs, options);
    case 'figures': {
      options.onMissing((await readLatency(store, nowMs, options)).missingShards);
    }
  }
}

/** How long requests of each service took, in whole minutes as `--since 5m` gives them. */
function readLatency(
  store: Store,
  nowMs: number,
  { signal }: Pick<StreamOptions, 'signal'>,
): Promise<Answer> {
  const minute = (ms: number): bigint => BigInt(Math.floor(ms / MINUTE_MS) * MINUTE_MS) * NS_PER_MS;
  const range = { fromNs: minute(nowMs - FIGURES_RANGE_MS), toNs: minute(nowMs + MINUTE_MS) };
  return readFigures(
    store,
    {
      metric: latency,
      range,
      buckets: null,
      by: ['service'],
      filter: MATCH_ALL,
      limit: SERVICES_LIMIT,
    },
    { ...(signal && { signal }) },
  );
}

function textFilter(name: 'level' | 'service', values: readonly string[]): Filter {
  return { kind: 'text', field: { kind: 'field', name }, values };
}

/** The newest events that match. */
async function readPage(
  store: Store,
  filter: Filter,
  nowMs: number,
  options: StreamOptions,
): Promise<void> {
  const fromNs = BigInt(Math.floor(nowMs - LOGS_RANGE_MS)) * 1_000_000n;
  const { events } = readLogs(
    store,
    {
      filter,
      range: { fromNs, toNs: null, arrivedSinceNs: null },
      fields: fieldsOfFormat('table'),
      isAscending: false,
      limit: PAGE_LIMIT,
      after: null,
    },
    options,
  );
  // Reading is the work; what it says is not needed. It ends by itself, one event after the page.
  for await (const _event of events) continue;
}
