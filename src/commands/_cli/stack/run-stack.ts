import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { acquireLock } from '../../../engine/deploy/generation-lock.js';
import { identify, type ProcessIdentity } from '../../../engine/deploy/process-identity.js';
import {
  readStackStatus,
  statusOf,
  StatusWriter,
  type StackStatus,
} from '../../../engine/deploy/stack-status.js';
import { supervise } from '../../../engine/deploy/supervisor.js';
import { systemClock } from '../../../engine/model/clock.js';
import type { AtbdHome } from '../atbd-home.js';
import { makeHome } from './home-folder.js';
import { endLeftovers } from './leftover.js';
import { prepareStack, type StackRequest } from './prepare-stack.js';
import { stackParts } from './stack-parts.js';

/** The supervisor's own status file. */
export function statusPath(home: AtbdHome): string {
  return join(home.run, 'supervisor.json');
}

/**
 * Is the supervisor of the stack until `signal` is aborted: the one process that owns the parts.
 * `held` at once where another one does.
 */
export async function runStack(
  home: AtbdHome,
  request: StackRequest,
  options: {
    readonly signal: AbortSignal;
    readonly onStatus: (status: StackStatus) => void;
  },
): Promise<'stopped' | 'held'> {
  const self = await identify(process.pid);
  if (!self) throw new Error('BUG: cannot identify this process');
  await makeHome(home);
  const lock = await acquireLock(home.lock, self);
  if (lock.kind === 'held') return 'held';
  try {
    await runLocked(home, request, { ...options, self });
  } finally {
    await lock[Symbol.asyncDispose]();
  }
  return 'stopped';
}

async function runLocked(
  home: AtbdHome,
  request: StackRequest,
  options: {
    readonly signal: AbortSignal;
    readonly onStatus: (status: StackStatus) => void;
    readonly self: ProcessIdentity;
  },
): Promise<void> {
  await endLeftovers(await readStackStatus(statusPath(home)));
  const record = await prepareStack(home, request);
  const specs = await stackParts(home, record);
  const about = {
    specs,
    supervisor: options.self,
    startedAtMs: systemClock.nowMs(),
    logFolder: home.log,
  };
  {
    await using writer = new StatusWriter(statusPath(home));
    const onChange = (snapshot: Parameters<typeof statusOf>[0]): void => {
      const status = statusOf(snapshot, about);
      writer.write(status);
      options.onStatus(status);
    };
    await supervise({ specs, clock: systemClock, logFolder: home.log, onChange }, options.signal);
  }
  // A clean end leaves nothing that could be taken for a crash.
  await rm(statusPath(home), { force: true });
}
