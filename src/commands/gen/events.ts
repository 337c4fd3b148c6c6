import { Flags } from '@oclif/core';
import type { Fault } from '../../engine/generate/fault/fault.js';
import { USER_COUNT_MAX } from '../../engine/generate/shop-spec.js';
import { systemClock } from '../../engine/model/clock.js';
import { DEFAULT_TOPIC } from '../../engine/model/limit.js';
import { AtbdError } from '../../engine/model/error.js';
import { AtbdCommand } from '../_cli/atbd-command.js';
import { zoneFlag } from '../_cli/time-flags.js';
import { openLineSink, openQueueSink, type EventSink } from './_events/event-sink.js';
import { describeGenProgress, describeGenReport, type GenReport } from './_events/gen-report.js';
import { planShop, type ShopPlan } from './_events/plan-shop.js';
import { pumpShop } from './_events/pump-shop.js';
import { openTruthFile, type TruthFile } from './_events/truth-file.js';

/** How often progress is shown on a terminal. */
const PROGRESS_MS = 500;

export default class GenEvents extends AtbdCommand {
  static override summary =
    'Send what a simulated shop does: its logs, spans, metrics and business records.';
  static override description =
    'Customers look, reserve, buy, cancel and want their money back; services call each other; payment providers answer, decline or fail. The same seed gives the same events. docs/generate.md lists the faults.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> --rate 2000 --duration 5m',
    '<%= config.bin %> <%= command.id %> --from -30d --to now --diurnal --rate 50',
    '<%= config.bin %> <%= command.id %> --fault provider-down:provider=acme,at=1m,for=2m --truth truth.ndjson',
    '<%= config.bin %> <%= command.id %> --to stdout --duration 10s | jq .message',
    '<%= config.bin %> <%= command.id %> --from 2026-05-16T00:00:00Z --duration 1h --share 1/2',
  ];
  static override flags = {
    seed: Flags.integer({ default: 1, min: 0, max: 0xffffffff, summary: 'Decides all chance.' }),
    rate: Flags.integer({
      default: 1000,
      summary: 'Events a second in the mean, without faults.',
      helpValue: 'N',
    }),
    users: Flags.integer({
      default: 20_000,
      min: 1,
      max: USER_COUNT_MAX,
      summary: 'Customers of the shop.',
      helpValue: 'N',
    }),
    diurnal: Flags.boolean({ summary: 'More visits in the evening than at night (UTC).' }),
    duration: Flags.string({
      summary: 'Simulated time: 10m unless --from says more.',
      helpValue: 'TIME',
    }),
    from: Flags.string({
      summary: 'First simulated moment, for a backfill: -30d, RFC 3339, today.',
      helpValue: 'TIME',
    }),
    to: Flags.string({
      multiple: true,
      multipleNonGreedy: true,
      summary:
        'Place: queue, file or stdout. With --from also the end of the simulated time (now).',
      helpValue: 'queue|file|stdout|TIME',
    }),
    output: Flags.string({
      char: 'o',
      summary: 'File to write to, one event a line.',
      helpValue: 'FILE',
    }),
    topic: Flags.string({ default: DEFAULT_TOPIC, summary: 'Topic to send to.' }),
    speed: Flags.string({
      summary:
        'Simulated time against the clock: 1x (live; for the queue), 60x, or max (backfills, files).',
      helpValue: '1x|max',
    }),
    share: Flags.string({
      default: '1/1',
      summary: 'The part of several processes of one seed: 2/4 is the second of four.',
      helpValue: 'I/N',
    }),
    fault: Flags.string({
      multiple: true,
      multipleNonGreedy: true,
      summary: 'Something that goes wrong, and when; may be given more than once.',
      helpValue: 'KIND:NAME=VALUE,…',
    }),
    truth: Flags.string({
      summary: 'File for what really happened, one fact a line, totals last.',
      helpValue: 'FILE',
    }),
    yes: Flags.boolean({ char: 'y', summary: 'Replace files that exist.' }),
    ...zoneFlag,
  };
  static override enableJsonFlag = true;

  async run(): Promise<GenReport> {
    const { flags } = await this.parse(GenEvents);
    const plan = planShop(flags, await this.#faultsOf(flags), Date.now());
    if (plan.target === 'stdout' && this.jsonEnabled()) throw noPlaceForReport();
    await using truthFile =
      flags.truth === undefined
        ? null
        : await openTruthFile(flags.truth, { canReplace: flags.yes });
    await using sink = await openSink(plan, flags);
    const report = await this.#send(plan, sink, truthFile);
    if (!this.jsonEnabled()) process.stderr.write(`${describeGenReport(report)}\n`);
    if (!report.isComplete) process.exitCode = 130;
    return report;
  }

  async #faultsOf({ fault = [] }: { fault?: string[] | undefined }): Promise<Fault[]> {
    if (fault.length === 0) return [];
    const { parseFaultFlag } = await import('./_events/fault-flags.js');
    return fault.map(parseFaultFlag);
  }

  async #send(plan: ShopPlan, sink: EventSink, truthFile: TruthFile | null): Promise<GenReport> {
    const { createShop } = await import('../../engine/generate/create-shop.js');
    const { spec } = plan;
    const shop = createShop(spec, truthFile === null ? {} : { onFact: truthFile.onFact });
    const startedMs = Date.now();
    let reachedMs = spec.fromMs;
    const shareDone = (): number =>
      Math.min(1, (reachedMs - spec.fromMs) / (spec.toMs - spec.fromMs));
    using _progress = this.#showProgress(() =>
      describeGenProgress({
        sentCount: sink.sentCount,
        seconds: (Date.now() - startedMs) / 1000,
        share: shareDone(),
      }),
    );
    const isComplete = await pumpShop({
      shop,
      sink,
      fromMs: spec.fromMs,
      eventsPerSecond: spec.eventsPerSecond,
      speed: plan.speed,
      clock: systemClock,
      signal: this.signal,
      onStep: async (reached) => {
        reachedMs = Math.min(reached, spec.toMs);
        await truthFile?.flush();
      },
    });
    await truthFile?.finish(shop.truth);
    const { sent, amounts, actionCount, sessionCount, chains } = shop.truth;
    return {
      to: sink.name,
      seed: spec.seed,
      from: new Date(spec.fromMs).toISOString(),
      until: new Date(isComplete ? spec.toMs : reachedMs).toISOString(),
      sentCount: sink.sentCount,
      seconds: (Date.now() - startedMs) / 1000,
      isComplete,
      truth: isComplete ? { sent, amounts, actionCount, sessionCount, chains } : null,
    };
  }

  /** A line that is written over, on a terminal; nothing elsewhere. */
  #showProgress(describe: () => string): Disposable {
    if (!process.stderr.isTTY || this.jsonEnabled()) return { [Symbol.dispose]: () => undefined };
    const timer = setInterval(() => {
      process.stderr.write(`\r\u001b[K${describe()}`);
    }, PROGRESS_MS);
    return {
      [Symbol.dispose]() {
        clearInterval(timer);
        process.stderr.write('\r\u001b[K');
      },
    };
  }
}

function noPlaceForReport(): AtbdError {
  return new AtbdError({
    code: 'USAGE_INVALID',
    message: 'cannot print the report as JSON: the events themselves go to standard output',
    hint: 'Add --output FILE instead of --to stdout; events are JSON without --json.',
  });
}

async function openSink(
  plan: ShopPlan,
  flags: {
    readonly output?: string | undefined;
    readonly topic: string;
    readonly yes: boolean;
    readonly context?: string | undefined;
  },
): Promise<EventSink> {
  switch (plan.target) {
    case 'queue':
      return openQueueSink({
        context: flags.context,
        topic: flags.topic,
        isBackfill: plan.isBackfill,
      });
    case 'file':
    case 'stdout':
      return openLineSink(flags.output, { canReplace: flags.yes });
  }
}
