import type { InflightBudget } from '../../../engine/ingest/inflight-budget.js';
import type { IngestObserver } from '../../../engine/ingest/partition-ingest.js';
import { steadyClock } from '../../../engine/model/clock.js';
import type { Queue } from '../../../engine/model/queue.js';
import type { ListenAddress } from '../../../engine/runtime/probe-server.js';
import { silentShards } from '../../../store/clickhouse/silent-shards.js';
import type { Store } from '../../../store/clickhouse/store.js';
import { createLedgerSums } from '../../../store/write/ledger-sums.js';

/** Below the ten seconds after which Prometheus gives up, and below what a probe of Kubernetes may be told to wait. */
const ANSWER_MS_MAX = 2_000;

export interface OpenProbes extends AsyncDisposable {
  /** null: nobody asked for them. */
  readonly url: string | null;
  /** To be told what the worker does. */
  readonly observers: readonly IngestObserver[];
}

/** Serves a worker's health and metrics while it is open; without an address nothing is loaded, followed or served. */
export async function openProbes({
  address,
  queue,
  store,
  budget,
}: {
  readonly address: ListenAddress | undefined;
  readonly queue: Queue;
  readonly store: Store;
  readonly budget: InflightBudget;
}): Promise<OpenProbes> {
  if (address === undefined) {
    return { url: null, observers: [], [Symbol.asyncDispose]: () => Promise.resolve() };
  }
  const [{ IngestMetrics }, { PartitionWatch }, { startProbeServer }, health] = await Promise.all([
    import('../../../engine/runtime/ingest-metrics.js'),
    import('../../../engine/runtime/partition-watch.js'),
    import('../../../engine/runtime/probe-server.js'),
    import('../../../engine/runtime/worker-health.js'),
  ]);
  const watch = new PartitionWatch(steadyClock);
  const metrics = new IngestMetrics({
    queue,
    ledger: createLedgerSums(store),
    watch,
    budget,
    answerMsMax: ANSWER_MS_MAX,
  });
  const server = await startProbeServer(address, {
    healthz: () => health.livenessOf(watch),
    readyz: () => health.readinessOf(watch, () => silentShards(store, ANSWER_MS_MAX)),
    metrics,
  });
  return {
    url: server.url,
    observers: [watch.observer, metrics.observer],
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}
