import { lockHolder } from '../../../../engine/deploy/generation-lock.js';
import type { ProcessIdentity } from '../../../../engine/deploy/process-identity.js';
import type { StackStatus } from '../../../../engine/deploy/stack-status.js';
import { systemClock } from '../../../../engine/model/clock.js';
import type { Chaos } from '../../../../engine/scenario/story/chaos.js';
import type { AtbdHome } from '../../../_cli/atbd-home.js';
import { makeHome } from '../../../_cli/stack/home-folder.js';
import { endLeftovers, hasEnded, signalProcess } from '../../../_cli/stack/leftover.js';
import { startInBackground } from '../../../_cli/stack/start-in-background.js';
import { isUp, liveStatus, waitUntilUp } from '../../../_cli/stack/wait-until-up.js';

/** A cold start of three shards on a busy machine. */
const START_MS_MAX = 120_000;

/** An orderly end takes seconds; what takes longer is ended by force. */
const STOP_MS_MAX = 20_000;
const KILL_MS_MAX = 5_000;

/** After chaos the supervisor brings everything back, with a back-off of 30 s at most. */
const RECOVER_MS_MAX = 60_000;

const POLL_MS = 25;

/** A local stack that a story has for itself, and may break. */
export class StoryStack {
  readonly home: AtbdHome;

  private constructor(home: AtbdHome) {
    this.home = home;
  }

  /** Brings it up. With `outlivesUs` it stays when this process is gone. */
  static async start(
    home: AtbdHome,
    options: {
      readonly args: readonly string[];
      readonly outlivesUs: boolean;
      readonly signal: AbortSignal;
      readonly onStatus: (status: StackStatus) => void;
    },
  ): Promise<StoryStack> {
    const { args, outlivesUs, signal, onStatus } = options;
    await makeHome(home);
    const supervisor = startInBackground(home, args, { endsWithUs: !outlivesUs });
    const stack = new StoryStack(home);
    try {
      await waitUntilUp(home, { supervisor, timeoutMs: START_MS_MAX, signal, onStatus });
      return stack;
    } catch (error) {
      supervisor.stop();
      await stack.stop();
      throw error;
    } finally {
      supervisor.release();
    }
  }

  /** Stops every part; by force when it does not go otherwise. */
  async stop(): Promise<void> {
    const status = await liveStatus(this.home);
    const supervisor = await lockHolder(this.home.lock);
    if (supervisor) {
      signalProcess(supervisor, 'SIGTERM');
      if (!(await hasEnded(supervisor, STOP_MS_MAX))) {
        signalProcess(supervisor, 'SIGKILL');
        await hasEnded(supervisor, KILL_MS_MAX);
      }
    }
    await endLeftovers(status);
  }

  /** Breaks it as the story says; resolves when every part does its work again. */
  async disturb(chaos: Chaos, signal: AbortSignal): Promise<void> {
    switch (chaos.kind) {
      case 'kill-worker':
        signalProcess(await this.#processOf(isWorker, signal), 'SIGKILL');
        break;
      case 'stop-shard':
        await this.#keepDown(isShard(chaos.shard), chaos.for, signal);
        break;
      case 'freeze-shard':
        await this.#freeze(isShard(chaos.shard), chaos.for, signal);
        break;
      case 'pause-queue':
        await this.#freeze(isWorker, chaos.for, signal);
        break;
    }
    await this.#untilRecovered(signal);
  }

  /** The supervisor starts it again and again, so it is killed again and again. */
  async #keepDown(isMeant: PartTest, forMs: number, signal: AbortSignal): Promise<void> {
    const untilMs = systemClock.nowMs() + forMs;
    while (systemClock.nowMs() < untilMs) {
      const identity = processIn(await liveStatus(this.home), isMeant);
      if (identity) signalProcess(identity, 'SIGKILL');
      await systemClock.sleep(POLL_MS, signal);
    }
  }

  async #freeze(isMeant: PartTest, forMs: number, signal: AbortSignal): Promise<void> {
    const identity = await this.#processOf(isMeant, signal);
    signalProcess(identity, 'SIGSTOP');
    try {
      await systemClock.sleep(forMs, signal);
    } finally {
      signalProcess(identity, 'SIGCONT');
    }
  }

  /** Waits for a process that is just being started. */
  async #processOf(isMeant: PartTest, signal: AbortSignal): Promise<ProcessIdentity> {
    const untilMs = systemClock.nowMs() + RECOVER_MS_MAX;
    for (;;) {
      const identity = processIn(await liveStatus(this.home), isMeant);
      if (identity) return identity;
      if (systemClock.nowMs() > untilMs)
        throw new Error(`no such part runs in ${this.home.root}; see its logs`);
      await systemClock.sleep(POLL_MS, signal);
    }
  }

  /** Not an error when it takes too long: what it does to the story is what the expectations say. */
  async #untilRecovered(signal: AbortSignal): Promise<void> {
    const untilMs = systemClock.nowMs() + RECOVER_MS_MAX;
    // The supervisor must have seen a death before its status says anything about it.
    await systemClock.sleep(2 * POLL_MS, signal);
    while (systemClock.nowMs() < untilMs) {
      const status = await liveStatus(this.home);
      if (status && isUp(status)) return;
      await systemClock.sleep(POLL_MS, signal);
    }
  }
}

type PartTest = (name: string) => boolean;

const isWorker: PartTest = (name) => name.startsWith('ingest-');

function isShard(index: number): PartTest {
  return (name) => name === `shard-${index}`;
}

function processIn(
  status: StackStatus | undefined,
  isMeant: PartTest,
): ProcessIdentity | undefined {
  return status?.parts.find(({ name }) => isMeant(name))?.process ?? undefined;
}
