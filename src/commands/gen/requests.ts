import { Flags } from '@oclif/core';
import type { Condition } from '../../engine/expression/condition.js';
import { AtbdError } from '../../engine/model/error.js';
import { DEFAULT_PARTITION_COUNT, DEFAULT_TOPIC } from '../../engine/model/limit.js';
import { AtbdCommand } from '../_cli/atbd-command.js';
import { resolveContext } from '../_cli/context.js';
import { writeStdout } from '../_cli/stdout.js';
import type { LoadReport } from './_requests/load-report.js';
import { meanOfEvents, parseStages, type LoadStage } from './_requests/load-stage.js';
import { MIX_DEFAULT, parseMix } from './_requests/query-mix.js';

const EVENTS_DEFAULT = 1_000;
const SELECTS_DEFAULT = 10;
const DURATION_DEFAULT = '30s';
const PROBES_DEFAULT = 10;
const PROBES_MAX = 100;
const RATE_MAX = 1_000_000;
const SEED_MAX = 2 ** 32 - 1;

/** Puts load on the whole pipe and measures it. */
export default class GenRequests extends AtbdCommand {
  static override summary =
    'Send events and ask questions at set rates; measure latencies and freshness.';
  static override description = `Requests are sent when they are due, whatever became of earlier ones, and each latency counts from then: a store that
stands still shows in everything that waited. Freshness is the time from producing a record until a query finds it.
Events are made up and stay in the topic. Without flags: ${EVENTS_DEFAULT} events/s and ${SELECTS_DEFAULT} selects/s for ${DURATION_DEFAULT}.
docs/load.md says what is measured and what --assert may ask for.`;
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --events 10000 --selects 20 --duration 1m',
    '<%= config.bin %> <%= command.id %> --stage 10s:events=0-10000,selects=20 --stage 30s --stage 5s:events=30000 --stage 20s:events=10000',
    "<%= config.bin %> <%= command.id %> --assert 'trace.p99 < 200' --assert 'freshness.p99 < 2000 && selects.failed == 0' --json",
  ];
  static override flags = {
    events: Flags.integer({
      summary: `Events a second (${EVENTS_DEFAULT} unless told).`,
      min: 0,
      max: RATE_MAX,
    }),
    selects: Flags.integer({
      summary: `Questions a second (${SELECTS_DEFAULT} unless told).`,
      min: 0,
      max: RATE_MAX,
    }),
    duration: Flags.string({
      summary: `How long (${DURATION_DEFAULT} unless told).`,
      helpValue: 'DURATION',
    }),
    stage: Flags.string({
      summary:
        'A stage instead: a duration and its rates; 0-10000 ramps, what is left out goes on. May be repeated.',
      multiple: true,
      helpValue: 'STAGE',
    }),
    mix: Flags.string({
      summary: 'How often each question is asked, relative to the others.',
      default: MIX_DEFAULT,
      helpValue: 'KIND=WEIGHT,...',
    }),
    probes: Flags.integer({
      summary: 'Records a second that freshness is measured with; 0 for none.',
      default: PROBES_DEFAULT,
      min: 0,
      max: PROBES_MAX,
    }),
    assert: Flags.string({
      summary:
        "Condition on the figures, such as 'trace.p99 < 200' (ms); exit 1 when it is false. May be repeated.",
      multiple: true,
      helpValue: 'CONDITION',
    }),
    seed: Flags.integer({
      summary: 'Another seed, other events and moments.',
      default: 1,
      min: 0,
      max: SEED_MAX,
    }),
    topic: Flags.string({ summary: 'Topic to send to.', default: DEFAULT_TOPIC }),
  };
  static override enableJsonFlag = true;

  async run(): Promise<LoadReport> {
    const { flags } = await this.parse(GenRequests);
    const stages = stagesOf(flags);
    const pickKind = parseMix(flags.mix);
    const conditions = await compileAsserts(flags.assert ?? []);
    const context = await resolveContext({ name: flags.context });
    const [{ openQueue }, { openStore }, { LoadRun }, { createShopSource }] = await Promise.all([
      import('../../engine/queue/open-queue.js'),
      import('../../store/clickhouse/store.js'),
      import('./_requests/load-run.js'),
      import('./_requests/shop-source.js'),
    ]);
    await using queue = await openQueue(context.queue);
    await queue.createTopic(flags.topic, { partitionCount: DEFAULT_PARTITION_COUNT });
    await using store = openStore(context.reader);
    await this.#requireStore(store);
    await using producer = await queue.createProducer();
    const load = new LoadRun({
      ...{ stages, pickKind, store, producer },
      ...{ probesPerSecond: flags.probes, topic: flags.topic, seed: flags.seed },
      source: createShopSource({
        seed: flags.seed,
        fromMs: Date.now(),
        eventsPerSecond: meanOfEvents(stages),
      }),
    });
    await this.#watch(load);
    return await this.#conclude(load.figures(), conditions);
  }

  /** Fails at once where nothing could be measured, and makes the connections before the first request is due. */
  async #requireStore(store: Parameters<typeof import('./_requests/ask-store.js').askStore>[0]) {
    const { askStore } = await import('./_requests/ask-store.js');
    const subject = { opId: '', service: '', nowMs: Date.now() };
    await askStore(store, 'figures', subject, this.signal);
  }

  async #watch(load: InstanceType<typeof import('./_requests/load-run.js').LoadRun>) {
    const { startLoadProgress } = await import('./_requests/load-progress.js');
    const runSeconds = (load.endMs - load.startMs) / 1000;
    using _progress = this.jsonEnabled()
      ? undefined
      : startLoadProgress({ figures: () => load.figures(), runSeconds });
    await load.run(this.signal);
  }

  async #conclude(
    figures: Omit<LoadReport, 'asserts'>,
    conditions: readonly Condition[],
  ): Promise<LoadReport> {
    const [{ judge }, { describeJudgement, renderLoad }] = await Promise.all([
      import('./_requests/load-report.js'),
      import('./_requests/render-load.js'),
    ]);
    const report = { ...figures, asserts: judge(conditions, figures) };
    if (!this.jsonEnabled()) await writeStdout(renderLoad(report, process.stdout.columns));
    if (!report.isComplete) process.exitCode = 130;
    const failed = report.asserts.filter(({ isTrue }) => isTrue === false);
    if (failed.length === 0) return report;
    // With --json the report goes to stdout before the error ends the command.
    if (this.jsonEnabled()) this.logJson(report);
    throw new AtbdError({
      code: 'ASSERTION_FAILED',
      message: `cannot confirm ${failed.length} of ${report.asserts.length} assertions: ${failed.map(describeJudgement).join('; ')}`,
      hint: 'The figures are above; docs/load.md says what each means.',
    });
  }
}

interface RateFlags {
  readonly events?: number | undefined;
  readonly selects?: number | undefined;
  readonly duration?: string | undefined;
  readonly stage?: readonly string[] | undefined;
}

function stagesOf({ events, selects, duration, stage }: RateFlags): LoadStage[] {
  if (stage === undefined) {
    const rates = `events=${events ?? EVENTS_DEFAULT},selects=${selects ?? SELECTS_DEFAULT}`;
    return parseStages([`${duration ?? DURATION_DEFAULT}:${rates}`]);
  }
  const other = Object.entries({ events, selects, duration }).find(
    ([, value]) => value !== undefined,
  );
  if (other === undefined) return parseStages(stage);
  throw new AtbdError({
    code: 'USAGE_INVALID',
    message: `cannot use --${other[0]} with --stage: the stages say it`,
    hint: 'Write it into the stages: --stage 30s:events=1000,selects=10',
  });
}

async function compileAsserts(texts: readonly string[]): Promise<Condition[]> {
  if (texts.length === 0) return [];
  const [{ compileCondition }, { ASSERT_VARIABLES }] = await Promise.all([
    import('../../engine/expression/condition.js'),
    import('./_requests/load-report.js'),
  ]);
  return texts.map((text) =>
    compileCondition(text, { flag: '--assert', variables: ASSERT_VARIABLES }),
  );
}
