import { rename, writeFile } from 'node:fs/promises';
import { Flags } from '@oclif/core';
import { mapChunks } from '../../engine/edge/topic/map-chunks.js';
import { createTopicMappers } from '../../engine/edge/topic/topic-mapper.js';
import { IngestCounters, type IngestNote } from '../../engine/ingest/ingest-counters.js';
import { runIngestWorker } from '../../engine/ingest/ingest-worker.js';
import { observeAll, observerOf } from '../../engine/ingest/observe-all.js';
import { systemClock } from '../../engine/model/clock.js';
import { DEFAULT_TOPIC } from '../../engine/model/limit.js';
import { openQueue } from '../../engine/queue/open-queue.js';
import { openStore } from '../../store/clickhouse/store.js';
import { createChunkStore } from '../../store/write/chunk-store.js';
import { AtbdCommand } from '../_cli/atbd-command.js';
import { resolveContext } from '../_cli/context.js';
import { failpointFromEnv } from '../_cli/failpoint.js';
import { listenAddress } from '../_cli/worker/listen-address.js';
import { openProbes } from '../_cli/worker/open-probes.js';

/** How often the state file is written: `status` is never older than this. */
const STATE_INTERVAL_MS = 1_000;

export default class WorkerIngest extends AtbdCommand {
  static override summary = 'Store events from the queue exactly once, until stopped.';
  static override description =
    'Workers of one context share the partitions; start as many as you like, all with the same topics. `up --local` starts one. SIGTERM finishes what is in flight. Topics that the context describes are mapped: see docs/topics.md.';
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
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(WorkerIngest);
    const address = listenAddress(flags['metrics-listen']);
    const context = await resolveContext({ name: flags.context });
    const topics = [
      ...new Set([...(flags.topic ?? [DEFAULT_TOPIC]), ...context.topics.map(({ name }) => name)]),
    ];
    const mappers = createTopicMappers(context.topics);
    const counters = new IngestCounters(logNote);
    await using queue = await openQueue(context.queue);
    await using store = openStore(context.store);
    await using probes = await openProbes({ address, queue, store });
    await using _state = await keepStateFile(flags['state-file'], counters, probes.url);
    logNote({ level: 'info', message: `storing ${topics.join(', ')} from ${queue.kind}` });
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
        sessionTimeoutMs: flags['session-timeout'],
      },
      this.signal,
    );
    logNote({ level: 'info', message: `stopped after ${counters.counts.recordCount} records` });
  }
}

/** The worker's own log: one JSON object a line, which `atbd ingest` reads. */
function logNote({ level, message }: IngestNote): void {
  const ts = new Date().toISOString();
  process.stderr.write(`${JSON.stringify({ ts, level, service: 'atbd-ingest', message })}\n`);
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
