import { AtbdError } from '../../../engine/model/error.js';
import { systemClock } from '../../../engine/model/clock.js';
import { lockHolder } from '../../../engine/deploy/generation-lock.js';
import { isAlive } from '../../../engine/deploy/process-identity.js';
import {
  readStackStatus,
  type PartStatus,
  type StackStatus,
} from '../../../engine/deploy/stack-status.js';
import type { AtbdHome } from '../atbd-home.js';
import { statusPath } from './run-stack.js';
import type { BackgroundSupervisor } from './start-in-background.js';

const POLL_MS = 50;

/** A part that failed so often in a row will not start by waiting longer. */
const FAILURES_MAX = 3;

/** The status of a stack whose supervisor lives, undefined otherwise. */
export async function liveStatus(home: AtbdHome): Promise<StackStatus | undefined> {
  const status = await readStackStatus(statusPath(home));
  return status && (await isAlive(status.supervisor)) ? status : undefined;
}

/** Whether every part does its work. */
export function isUp(status: StackStatus): boolean {
  return !status.isStopping && status.parts.every((part) => part.isHealthy);
}

/** Waits until every part is ready; rejects as soon as one cannot start, and when the time is over. */
export async function waitUntilUp(
  home: AtbdHome,
  options: {
    /** The supervisor we started ourselves. */
    readonly supervisor: BackgroundSupervisor | undefined;
    readonly timeoutMs: number;
    readonly signal: AbortSignal;
    readonly onStatus: (status: StackStatus) => void;
  },
): Promise<StackStatus> {
  const { supervisor, timeoutMs, signal, onStatus } = options;
  const untilMs = systemClock.nowMs() + timeoutMs;
  let status: StackStatus | undefined;
  while (systemClock.nowMs() < untilMs) {
    status = await liveStatus(home);
    if (status) {
      onStatus(status);
      if (isUp(status)) return status;
      const failed = status.parts.find(({ failuresInRow }) => failuresInRow >= FAILURES_MAX);
      if (failed) throw partFailed(failed);
    }
    const exit = supervisor?.exit();
    if (supervisor && exit && exit.code !== 0) throw supervisor.failure();
    // Code 0: another one was quicker, and it is that one we wait for, or `atbd down` stopped ours.
    if (exit && !(await lockHolder(home.lock))) throw stoppedMeanwhile(home);
    await systemClock.sleep(POLL_MS, signal);
  }
  throw notInTime(home, status, timeoutMs);
}

function partFailed({ name, lastError, log }: PartStatus): AtbdError {
  return new AtbdError({
    code: 'STACK_START_FAILED',
    message: `cannot start ${name}: ${lastError ?? 'it ended'}`,
    hint: `Read ${log}. The supervisor goes on trying (atbd status); stop it with: atbd down`,
  });
}

function stoppedMeanwhile(home: AtbdHome): AtbdError {
  return new AtbdError({
    code: 'STACK_START_FAILED',
    message: `cannot bring up the local stack in ${home.root}: it was stopped while it started`,
    hint: 'If that was not you with atbd down, start it again: atbd up --local',
  });
}

function notInTime(home: AtbdHome, status: StackStatus | undefined, timeoutMs: number): AtbdError {
  const late = status?.parts.filter((part) => !part.isHealthy).map(({ name }) => name) ?? [];
  const what = late.length === 0 ? 'the supervisor did not report' : `${late.join(', ')} not ready`;
  return new AtbdError({
    code: 'TIMEOUT',
    message: `cannot bring up the local stack within ${timeoutMs / 1000} s: ${what}`,
    hint: `It goes on starting: see atbd status, or the logs in ${home.log}`,
  });
}
