import { Flags } from '@oclif/core';
import { acquireLock, lockHolder } from '../engine/deploy/generation-lock.js';
import { identify, type ProcessIdentity } from '../engine/deploy/process-identity.js';
import { readStackStatus } from '../engine/deploy/stack-status.js';
import { AtbdError } from '../engine/model/error.js';
import { AtbdCommand } from './_cli/atbd-command.js';
import { atbdHome, type AtbdHome } from './_cli/atbd-home.js';
import { hasStack, purgeHome } from './_cli/stack/home-folder.js';
import { endLeftovers, hasEnded, signalProcess } from './_cli/stack/leftover.js';
import { statusPath } from './_cli/stack/run-stack.js';

/** How long a killed process may take to go. */
const KILL_MS = 5_000;

interface DownResult {
  readonly home: string;
  readonly wasUp: boolean;
  /** Parts had to be killed because they did not end in time. Nothing acknowledged is lost by that. */
  readonly forced: boolean;
  readonly purged: boolean;
}

export default class Down extends AtbdCommand {
  static override summary = 'Stop the local stack; its data stays unless --purge is given.';
  static override description =
    'Workers finish what is in flight and stop first, then the shards, then the supervisor. What the queue has acknowledged is stored now or after the next `atbd up`.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --purge --yes',
  ];
  static override flags = {
    purge: Flags.boolean({
      summary: "Also delete the stack's data, logs and passwords.",
      default: false,
    }),
    yes: Flags.boolean({ summary: 'Do not ask: delete.', dependsOn: ['purge'] }),
    timeout: Flags.integer({
      summary: 'Seconds to wait for an orderly end before everything is killed.',
      default: 30,
      min: 1,
    }),
  };
  static override enableJsonFlag = true;

  async run(): Promise<DownResult> {
    const { flags } = await this.parse(Down);
    const home = atbdHome();
    if (flags.purge && !flags.yes) throw unconfirmed(home);
    // A supervisor holds the lock before it has written its first status, so the lock is what counts.
    const supervisor = await lockHolder(home.lock);
    const forced = supervisor ? await this.#stop(home, supervisor, flags.timeout * 1000) : false;
    const leftovers = await endLeftovers(await readStackStatus(statusPath(home)));
    const wasUp = supervisor !== undefined || leftovers > 0;
    const purged = flags.purge && (await purge(home));
    this.log(outcome(home, { wasUp, purged }));
    return { home: home.root, wasUp, forced, purged };
  }

  async #stop(home: AtbdHome, supervisor: ProcessIdentity, timeoutMs: number): Promise<boolean> {
    signalProcess(supervisor, 'SIGTERM');
    if (await hasEnded(supervisor, timeoutMs)) return false;
    this.logToStderr(
      `Not stopped within ${timeoutMs / 1000} s: ending it by force. Logs: ${home.log}`,
    );
    signalProcess(supervisor, 'SIGKILL');
    await hasEnded(supervisor, KILL_MS);
    return true;
  }
}

/** Deletes under the lock, so that no `up` begins meanwhile. */
async function purge(home: AtbdHome): Promise<boolean> {
  if (!(await hasStack(home))) return false;
  const self = await identify(process.pid);
  if (!self) throw new Error('BUG: cannot identify this process');
  const lock = await acquireLock(home.lock, self);
  if (lock.kind === 'acquired') {
    // Not let go of: its file is deleted with the rest, and ends with this process anyhow.
    await purgeHome(home);
    return true;
  }
  throw new AtbdError({
    code: 'STACK_START_FAILED',
    message: `cannot purge ${home.root}: another atbd has just started it`,
    hint: 'Run it again: atbd down --purge --yes',
  });
}

function outcome(home: AtbdHome, { wasUp, purged }: { wasUp: boolean; purged: boolean }): string {
  const stopped = wasUp
    ? `Stopped the local stack in ${home.root}.`
    : `The local stack in ${home.root} is not up.`;
  if (purged) return `${stopped} Its data is deleted.`;
  return wasUp ? `${stopped} Its data stays; atbd up --local brings it back.` : stopped;
}

function unconfirmed(home: AtbdHome): AtbdError {
  return new AtbdError({
    code: 'CONFIRMATION_NEEDED',
    message: `cannot delete the stack's data in ${home.root} without --yes`,
    hint: 'If you mean it: atbd down --purge --yes',
  });
}
