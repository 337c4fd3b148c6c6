import { Flags } from '@oclif/core';
import { AtbdError } from '../engine/model/error.js';
import type { StackStatus } from '../engine/deploy/stack-status.js';
import { AtbdCommand } from './_cli/atbd-command.js';
import { atbdHome, type AtbdHome } from './_cli/atbd-home.js';
import type { QueueSpec } from './_cli/config/config-schema.js';
import { makeHome } from './_cli/stack/home-folder.js';
import { checkRequest, type StackRequest } from './_cli/stack/prepare-stack.js';
import { QUEUE_KINDS, requestedQueue } from './_cli/stack/requested-queue.js';
import { runStack } from './_cli/stack/run-stack.js';
import { readStackRecord } from './_cli/stack/stack-record.js';
import { startInBackground, type BackgroundSupervisor } from './_cli/stack/start-in-background.js';
import { StartProgress } from './_cli/stack/start-progress.js';
import { isUp, liveStatus, waitUntilUp } from './_cli/stack/wait-until-up.js';

interface UpResult {
  readonly home: string;
  /** Whether it was up before. */
  readonly alreadyUp: boolean;
  readonly tookMs: number;
  readonly parts: readonly string[];
}

export default class Up extends AtbdCommand {
  static override summary = 'Bring up a local stack: queue, sharded store and workers.';
  static override description = `Everything runs on this machine, listens on loopback only and keeps its data in ATBD_HOME. A second call says that it is up. \`atbd status\` shows the parts, \`atbd down\` stops them and keeps the data.`;
  static override examples = [
    '<%= config.bin %> <%= command.id %> --local',
    'ATBD_HOME=/tmp/try <%= config.bin %> <%= command.id %> --local --shards 1',
    '<%= config.bin %> <%= command.id %> --local --queue kafka --brokers kafka-1:9092,kafka-2:9092',
    '<%= config.bin %> <%= command.id %> --local --queue redis --redis redis://127.0.0.1:6379',
    '<%= config.bin %> <%= command.id %> --local --foreground',
  ];
  static override flags = {
    local: Flags.boolean({ summary: 'On this machine (the only way so far).', required: true }),
    shards: Flags.integer({
      summary: 'Number of ClickHouse shards; fixed once the stack is made (3 by default).',
      min: 1,
      max: 16,
    }),
    queue: Flags.option({
      summary: 'Queue: embedded, or a Kafka or Redis that is there already.',
      description:
        'With kafka and without --brokers, or redis without --redis: the address, TLS and login of --context.',
      options: QUEUE_KINDS,
    })(),
    brokers: Flags.string({
      summary: 'Kafka brokers, host:port, separated by commas.',
      dependsOn: ['queue'],
    }),
    redis: Flags.string({
      summary: 'Address of a Redis, redis://host:port/database.',
      dependsOn: ['queue'],
    }),
    foreground: Flags.boolean({
      summary: 'Stay in front until Ctrl-C or SIGTERM, then stop the stack (containers, CI).',
    }),
    timeout: Flags.integer({
      summary: 'Seconds to wait until everything is ready.',
      default: 60,
      min: 1,
      exclusive: ['foreground'],
    }),
  };
  static override enableJsonFlag = true;

  #isSupervisor = false;

  /** All parts have ended: a client that still waits for a silent queue must not hold the supervisor. */
  protected override async _run<Result>(): Promise<Result> {
    const result = await super._run<Result>();
    if (!this.#isSupervisor) return result;
    await new Promise((resolve) => process.stdout.write('', resolve));
    process.exit();
  }

  async run(): Promise<UpResult | undefined> {
    const { flags } = await this.parse(Up);
    const home = atbdHome();
    const queue = await requestedQueue(flags.queue, flags);
    const request = { shardCount: flags.shards, queue };
    if (flags.foreground) {
      this.#isSupervisor = true;
      return this.#runInFront(home, request);
    }
    return this.#startBehind(home, request, {
      args: requestArgs(flags),
      timeoutMs: flags.timeout * 1000,
    });
  }

  async #startBehind(
    home: AtbdHome,
    request: StackRequest,
    { args, timeoutMs }: { readonly args: readonly string[]; readonly timeoutMs: number },
  ): Promise<UpResult> {
    const startedMs = Date.now();
    const running = await liveStatus(home);
    const record = await readStackRecord(home);
    checkRequest(request, record);
    if (running && record) refuseOtherQueue(request.queue, record.queue);
    await makeHome(home);
    const alreadyUp = running !== undefined && isUp(running);
    const supervisor = running ? undefined : startInBackground(home, args);
    const status = await this.#awaitParts(home, supervisor, { timeoutMs, startedMs, alreadyUp });
    const tookMs = Date.now() - startedMs;
    this.log(
      alreadyUp
        ? `The local stack in ${home.root} is up already.`
        : `The local stack in ${home.root} is up (${(tookMs / 1000).toFixed(1)} s).\nSee it with atbd status, stop it with atbd down.`,
    );
    return { home: home.root, alreadyUp, tookMs, parts: status.parts.map(({ name }) => name) };
  }

  async #awaitParts(
    home: AtbdHome,
    supervisor: BackgroundSupervisor | undefined,
    options: {
      readonly timeoutMs: number;
      readonly startedMs: number;
      readonly alreadyUp: boolean;
    },
  ): Promise<StackStatus> {
    const { timeoutMs, startedMs, alreadyUp } = options;
    const isQuiet = alreadyUp || this.jsonEnabled();
    using progress = isQuiet ? undefined : new StartProgress(startedMs);
    try {
      const onStatus = (now: StackStatus): void => progress?.show(now);
      return await waitUntilUp(home, { supervisor, timeoutMs, signal: this.signal, onStatus });
    } catch (error) {
      // Ctrl-C takes back what it interrupted.
      if (this.signal.aborted) supervisor?.stop();
      throw error;
    } finally {
      supervisor?.release();
    }
  }

  async #runInFront(home: AtbdHome, request: StackRequest): Promise<undefined> {
    using progress = new StartProgress(Date.now());
    const outcome = await runStack(home, request, {
      signal: this.signal,
      onStatus: (status) => {
        if (!status.isStopping) progress.show(status);
      },
    });
    if (outcome === 'held') this.logToStderr(`The local stack in ${home.root} is up already.`);
  }
}

interface RequestFlags {
  readonly shards?: number | undefined;
  readonly queue?: string | undefined;
  readonly brokers?: string | undefined;
  readonly redis?: string | undefined;
  readonly context?: string | undefined;
}

/** The background process is asked for the same, in the same words. */
function requestArgs(flags: RequestFlags): string[] {
  const { shards, queue, brokers, redis, context } = flags;
  return Object.entries({ shards, queue, brokers, redis, context }).flatMap(([name, value]) =>
    value === undefined ? [] : [`--${name}`, String(value)],
  );
}

function refuseOtherQueue(asked: QueueSpec | undefined, running: QueueSpec): void {
  if (asked === undefined || JSON.stringify(asked) === JSON.stringify(running)) return;
  throw new AtbdError({
    code: 'CONFIG_INVALID',
    message: 'cannot change the queue of a stack that is up',
    hint: 'Stop it first: atbd down',
  });
}
