import { systemClock } from '../../../engine/model/clock.js';
import { isAlive, type ProcessIdentity } from '../../../engine/deploy/process-identity.js';
import type { StackStatus } from '../../../engine/deploy/stack-status.js';

/** How long a process may take to end on SIGTERM before it is killed. */
const GRACE_MS = 5_000;

/** How long the operating system may take to bury a killed process. */
const BURIAL_MS = 5_000;

const POLL_MS = 25;

/** Ends what a dead supervisor left running, by number and birth, so never somebody else's process. */
export async function endLeftovers(status: StackStatus | undefined): Promise<number> {
  const processes = (status?.parts ?? []).flatMap(({ process }) => (process ? [process] : []));
  const ended = await Promise.all(processes.map(endProcess));
  return ended.filter(Boolean).length;
}

async function endProcess(identity: ProcessIdentity): Promise<boolean> {
  if (!(await isAlive(identity))) return false;
  signalProcess(identity, 'SIGTERM');
  if (await hasEnded(identity, GRACE_MS)) return true;
  signalProcess(identity, 'SIGKILL');
  await hasEnded(identity, BURIAL_MS);
  return true;
}

/** Sends a signal to a process that was alive a moment ago. */
export function signalProcess({ pid }: ProcessIdentity, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended by itself in between.
  }
}

/** Waits for the end of a process, at most `waitMs`; whether it has ended. */
export async function hasEnded(identity: ProcessIdentity, waitMs: number): Promise<boolean> {
  const untilMs = systemClock.nowMs() + waitMs;
  while (await isAlive(identity)) {
    if (systemClock.nowMs() >= untilMs) return false;
    await systemClock.sleep(POLL_MS);
  }
  return true;
}
