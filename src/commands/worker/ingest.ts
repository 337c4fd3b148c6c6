import { rename, writeFile } from 'node:fs/promises';
import { Flags } from '@oclif/core';
import { mapChunks } from '../../engine/edge/topic/map-chunks.js';
import { chunkLimitsOf } from '../../engine/edge/topic/mapped-limit.js';
import { createTopicMappers } from '../../engine/edge/topic/topic-mapper.js';
import { INFLIGHT_BYTES_DEFAULT, InflightBudget } from '../../engine/ingest/inflight-budget.js';
import { IngestCounters } from '../../engine/ingest/ingest-counters.js';
import { runIngestWorker } from '../../engine/ingest/ingest-worker.js';
import { observeAll, observerOf } from '../../engine/ingest/observe-all.js';
import { systemClock } from '../../engine/model/clock.js';
import { AtbdError } from '../../engine/model/error.js';
import { DEFAULT_TOPIC } from '../../engine/model/limit.js';
import { openQueue } from '../../engine/queue/open-queue.js';
import type { ListenAddress } from '../../engine/runtime/probe-server.js';
import { openStore } from '../../store/clickhouse/store.js';
import { createChunkStore } from '../../store/write/chunk-store.js';
import { AtbdCommand } from '../_cli/atbd-command.js';
import { type ResolvedContext, resolveContext } from '../_cli/context.js';
import { failpointFromEnv } from '../_cli/failpoint.js';
import { byteSize } from '../_cli/worker/byte-size.js';
import { listenAddress } from '../_cli/worker/listen-address.js';
import { openProbes } from '../_cli/worker/open-probes.js';
import { endAfter } from '../_cli/worker/stop-deadline.js';
import { LOG_LEVELS, openWorkerLog, type WorkerLog } from '../_cli/worker/worker-log.js';

/** How often the state file is written: `status` is never older than this. */
const STATE_INTERVAL_MS = 1_000;

/** A few of the largest records, which are taken whatever the share. */
const INFLIGHT_BYTES_MIN = 4 * 1024 ** 2;

/** More than a machine has: a slip of the keyboard. */
const INFLIGHT_BYTES_MAX = 1e12;

export default class WorkerIngest extends AtbdCommand {
  static override summary = 'Store events from the queue exactly once, until stopped.';
  static override description =
    'Workers of one context share the partitions; start as many as you like, all with the same topics. `up --local` starts one. SIGTERM finishes what is in flight, within 10 seconds; a second one ends it at once. Topics that the context describes are mapped: see docs/topics.md.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --context production --topic events --topic audit',
  ];
  static override flags = {
    topic: Flags.string({
      summary: `Topic to store besides those of the context; may be given more than once. Without one: ${DEFAULT_TOPIC}.`,
      multiple: true,
    }),
    'session-timeout': Flags.integer({
      summary: 'Milliseconds after which a worker that vanished loses its partitions.',
      default: 10_000,
      min: 1_000,
    }),
    'state-file': Flags.string({
      summary: 'File that is kept up to date with what the worker did, as JSON.',
      env: 'ATBD_STATE_FILE',
    }),
    'metrics-listen': Flags.string({
      summary:
        'Serve /metrics, /healthz and /readyz at this address: HOST:PORT, or a port of 127.0.0.1; 0 takes a free one.',
      description:
        'Off unless asked for: several workers on one machine cannot share a port, so it is no setting of a context. `up --local` gives each worker a free port, and `status` shows it.',
      env: 'ATBD_METRICS_LISTEN',
      helpValue: 'ADDRESS',
    }),
    'max-inflight-bytes': Flags.string({
      summary: 'Most bytes of records held at once, of all partitions together: 268435456, 256MiB.',
      description:
        'Each partition has an equal share, so that a slow shard stops its own partitions only. The default lets six partitions work with chunks of full size.',
      default: `${INFLIGHT_BYTES_DEFAULT / 1024 ** 2}MiB`,
      env: 'ATBD_MAX_INFLIGHT_BYTES',
      helpValue: 'BYTES',
    }),
    'log-level': Flags.option({
      summary: 'How much the worker says of itself on stderr; debug names each chunk.',
      options: LOG_LEVELS,
      default: 'info' as const,
      env: 'ATBD_LOG_LEVEL',
    })(),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(WorkerIngest);
    const address = listenAddress(flags['metrics-listen']);
    const budget = new InflightBudget(
      byteSize('--max-inflight-bytes', flags['max-inflight-bytes'], {
        min: INFLIGHT_BYTES_MIN,
        max: INFLIGHT_BYTES_MAX,
      }),
    );
    const context = await resolveContext({ name: flags.context });
    const log = await openWorkerLog('atbd-ingest', { level: flags['log-level'] });
    using _deadline = endAfter(this.signal, log);
    try {
      await this.#work(context, { ...flags, address, budget, log });
    } catch (error) {
      if (this.signal.aborted || !log.isJson) throw error;
      // Who reads the log reads JSON alone.
      log.failure(error);
      this.exit(error instanceof AtbdError ? error.exitCode : 1);
    }
  }

  async #work(
    context: ResolvedContext,
    {
      address,
      budget,
      log,
      ...flags
    }: {
      readonly topic: readonly string[] | undefined;
      readonly 'session-timeout': number;
      readonly 'state-file': string | undefined;
      readonly address: ListenAddress | undefined;
      readonly budget: InflightBudget;
      readonly log: WorkerLog;
    },
  ): Promise<void> {
    const topics = [
      ...new Set([...(flags.topic ?? [DEFAULT_TOPIC]), ...context.topics.map(({ name }) => name)]),
    ];
    const mappers = createTopicMappers(context.topics);
    const limits = new Map(context.topics.map(({ name, format }) => [name, chunkLimitsOf(format)]));
    const counters = new IngestCounters(log.note);
    await using queue = await openQueue(context.queue);
    await using store = openStore(context.store);
    await using probes = await openProbes({ address, queue, store, budget });
    await using _state = await keepStateFile(flags['state-file'], counters, probes.url);
    const names = topics.join(', ');
    log.note({ level: 'info', message: `storing ${names} from ${queue.kind}`, fields: {} });
    await runIngestWorker(
      {
        queue,
        store: mapChunks(createChunkStore(store), mappers),
        clock: systemClock,
        observer: observeAll([
          counters,
          ...probes.observers,
          observerOf({ onStep: failpointFromEnv(process.env) }),
        ]),
        topics,
        budget,
        limitsOf: (topic) => limits.get(topic),
        sessionTimeoutMs: flags['session-timeout'],
      },
      this.signal,
    );
    const { recordCount } = counters.counts;
    const message = `stopped after ${recordCount} records`;
    log.note({ level: 'info', message, fields: { records: recordCount } });
  }
}

async function keepStateFile(
  path: string | undefined,
  counters: IngestCounters,
  metricsUrl: string | null,
): Promise<AsyncDisposable> {
  const write = async (): Promise<void> => {
    if (path === undefined) return;
    const state = { pid: process.pid, atMs: Date.now(), metricsUrl, ...counters.counts };
    await writeFile(`${path}.new`, JSON.stringify(state), { mode: 0o600 });
    await rename(`${path}.new`, path);
  };
  // A disk that is full must not stop the storing of events; `status` shows the file's age.
  const attempt = (): Promise<void> => write().catch(() => undefined);
  await attempt();
  const timer = setInterval(() => void attempt(), STATE_INTERVAL_MS);
  return {
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      await attempt();
    },
  };
}
