import { randomUUID } from 'node:crypto';
import { Arrivals, type RateSpan } from '../../../engine/load/arrivals.js';
import { Lane, type LoadRequest } from '../../../engine/load/lane.js';
import type { LoadSource } from '../../../engine/load/load-source.js';
import { type Failure, Measure } from '../../../engine/load/measure.js';
import { ProbeWatch } from '../../../engine/load/probe-watch.js';
import { RecentValues } from '../../../engine/load/recent-values.js';
import { runLanes } from '../../../engine/load/run-lanes.js';
import { steadyClock as clock } from '../../../engine/model/clock.js';
import { AtbdError } from '../../../engine/model/error.js';
import type { QueueProducer } from '../../../engine/model/queue.js';
import { createRandom, type Random } from '../../../engine/model/random.js';
import type { Store } from '../../../store/clickhouse/store.js';
import { visibleOps } from '../../../store/query/visible-ops.js';
import { startDeadline } from '../../_cli/deadline.js';
import { askStore } from './ask-store.js';
import {
  LANE_NAMES,
  MEASURED_KINDS,
  type Figures,
  type LaneName,
  type MeasuredKind,
  type QueryKind,
} from './load-report.js';
import type { LoadStage } from './load-stage.js';

export interface LoadRunOptions {
  readonly stages: readonly LoadStage[];
  readonly pickKind: (random: Random) => QueryKind;
  readonly probesPerSecond: number;
  readonly topic: string;
  readonly seed: number;
  readonly source: LoadSource;
  readonly producer: QueueProducer;
  readonly store: Store;
}

/** Sends of many records each: more would only queue up in the producer. */
const SENDS_IN_FLIGHT_MAX = 16;
const RECORDS_PER_SEND_MAX = 5_000;
/** Records wait so long for company: a send a record would measure the sends. */
const SEND_TICK_MS = 5;

const SELECTS_IN_FLIGHT_MAX = 256;

/** All that one question of the watch asks for. */
const PROBES_IN_FLIGHT_MAX = 500;
/** The freshness is known to so much. */
const PROBE_POLL_MS = 200;
const PROBE_SERVICE = 'atbd-load';
/** The watch looks no further back than the run, with room for clocks that differ. */
const PROBE_CLOCK_SKEW_MS = 60_000;

/** No answer within this time is a failure. */
const REQUEST_MS_MAX = 30_000;

/** How long answers are waited for after the last stage. */
const DRAIN_MS_MAX = 30_000;

/** Actions to look up: at 10,000 events/s the last minute or two. */
const RECENT_OPS_MAX = 50_000;
/** Actions of a batch that are remembered: enough to pick from, cheap at any rate. */
const OPS_PER_BATCH_MAX = 20;

/** One run of the load, from its first arrival on. */
export class LoadRun {
  readonly startMs = clock.nowMs();
  readonly endMs: number;
  readonly #options: LoadRunOptions;
  readonly #measures = new Map<string, Measure>(
    MEASURED_KINDS.map((kind) => [kind, new Measure()]),
  );
  readonly #lanes: Readonly<Record<LaneName, Lane>>;
  readonly #random: Random;
  readonly #recentOps = new RecentValues(RECENT_OPS_MAX);
  readonly #watchEnd = new AbortController();
  readonly #watch: ProbeWatch;
  readonly #runId = randomUUID();
  #probeCount = 0;
  #isComplete = false;

  constructor(options: LoadRunOptions) {
    this.#options = options;
    this.#random = createRandom(options.seed);
    this.#watch = this.#createWatch();
    const { stages, probesPerSecond } = options;
    const runMs = stages.reduce((sum, { events }) => sum + events.durationMs, 0);
    this.endMs = this.startMs + runMs;
    const probes = {
      durationMs: runMs,
      fromPerSecond: probesPerSecond,
      toPerSecond: probesPerSecond,
    };
    this.#lanes = {
      events: this.#createLane(
        stages.map(({ events }) => events),
        { inFlightMax: SENDS_IN_FLIGHT_MAX, batchMax: RECORDS_PER_SEND_MAX, tickMs: SEND_TICK_MS },
        (count) => this.#produce(count),
      ),
      selects: this.#createLane(
        stages.map(({ selects }) => selects),
        { inFlightMax: SELECTS_IN_FLIGHT_MAX, batchMax: 1, tickMs: 0 },
        () => this.#select(),
      ),
      probes: this.#createLane(
        [probes],
        { inFlightMax: PROBES_IN_FLIGHT_MAX, batchMax: 1, tickMs: 0 },
        () => this.#probe(),
      ),
    };
  }

  /** Resolves at the end of the drain at the latest, and soon after abort. */
  async run(signal: AbortSignal): Promise<void> {
    const lanes = Object.values(this.#lanes);
    try {
      await runLanes(lanes, { clock, endMs: this.endMs, drainMsMax: DRAIN_MS_MAX, signal });
      this.#isComplete = !signal.aborted;
    } finally {
      this.#watchEnd.abort();
    }
  }

  /** What was measured so far. */
  figures(): Figures {
    const lanes = LANE_NAMES.map((name) => [name, this.#lanes[name].summarise()]);
    const kinds = MEASURED_KINDS.map((kind) => [kind, this.#measureOf(kind).summarise()]);
    return {
      isComplete: this.#isComplete,
      seconds: Math.round(clock.nowMs() - this.startMs) / 1000,
      ...(Object.fromEntries(lanes) as Pick<Figures, LaneName>),
      ...(Object.fromEntries(kinds) as Pick<Figures, MeasuredKind>),
    };
  }

  #createLane(
    spans: readonly RateSpan[],
    limits: { readonly inFlightMax: number; readonly batchMax: number; readonly tickMs: number },
    createRequest: (count: number) => LoadRequest,
  ): Lane {
    const random = createRandom(this.#random.integerBelow(2 ** 32));
    return new Lane({
      ...limits,
      arrivals: new Arrivals(spans, { startMs: this.startMs, random }),
      clock,
      createRequest,
      measureOf: (kind) => this.#measureOf(kind),
      toFailure,
    });
  }

  #measureOf(kind: string): Measure {
    const measure = this.#measures.get(kind);
    if (measure === undefined) throw new Error(`BUG: ${kind} is not measured`);
    return measure;
  }

  #produce(count: number): LoadRequest {
    const { source, producer, topic } = this.#options;
    return {
      kind: 'produce',
      answer: async () => {
        const messages = source.take(count);
        await producer.send(topic, messages);
        const step = Math.ceil(messages.length / OPS_PER_BATCH_MAX);
        for (let index = 0; index < messages.length; index += step) {
          const key = messages[index]?.key;
          if (typeof key === 'string') this.#recentOps.add(key);
        }
      },
    };
  }

  #select(): LoadRequest {
    const { store, pickKind, source } = this.#options;
    const kind = pickKind(this.#random);
    const service = source.services[this.#random.integerBelow(source.services.length)] ?? '';
    const subject = { opId: this.#recentOps.pick(this.#random) ?? this.#runId, service };
    return {
      kind,
      answer: (signal) =>
        withDeadline(signal, (limited) =>
          askStore(store, kind, { ...subject, nowMs: clock.nowMs() }, limited),
        ),
    };
  }

  #probe(): LoadRequest {
    const { producer, topic } = this.#options;
    this.#probeCount += 1;
    const opId = `probe-${this.#runId}-${this.#probeCount}`;
    return {
      kind: 'freshness',
      answer: async () => {
        const ts = new Date(clock.nowMs()).toISOString();
        const event = { ts, kind: 'log', type: 'log', level: 'debug', service: PROBE_SERVICE };
        const value = JSON.stringify({ ...event, op_id: opId, message: 'freshness probe' });
        await producer.send(topic, [{ key: opId, value }]);
        await this.#watch.untilVisible(opId);
      },
    };
  }

  #createWatch(): ProbeWatch {
    const { store } = this.#options;
    const fromMs = Math.floor(this.startMs - PROBE_CLOCK_SKEW_MS);
    return new ProbeWatch({
      findVisible: (ids, signal) =>
        withDeadline(signal, async (limited) => {
          const { rows } = await visibleOps(store, { ids: [...ids], fromMs }, { signal: limited });
          return rows.map(({ id }) => id);
        }),
      clock,
      pollMs: PROBE_POLL_MS,
      onPollError: (error) => {
        this.#measureOf('freshness').countError(toFailure(error));
      },
      signal: this.#watchEnd.signal,
    });
  }
}

/** Whatever hangs ends as a failure of its own, and does not hold its place for ever. */
async function withDeadline<T>(
  signal: AbortSignal,
  work: (limited: AbortSignal) => Promise<T>,
): Promise<T> {
  using deadline = startDeadline(REQUEST_MS_MAX);
  try {
    return await work(AbortSignal.any([signal, deadline.signal]));
  } catch (cause) {
    if (!deadline.signal.aborted || signal.aborted) throw cause;
    throw new AtbdError({
      code: 'TIMEOUT',
      message: `cannot get an answer within ${REQUEST_MS_MAX / 1000} s`,
      hint: 'Ask less, or see what the store is busy with.',
      cause,
    });
  }
}

function toFailure(error: unknown): Failure {
  if (!(error instanceof AtbdError)) return { code: 'UNEXPECTED', message: String(error) };
  // What lies beneath says more than what could not be done.
  const { cause } = error;
  return { code: error.code, message: cause instanceof Error ? cause.message : error.message };
}
