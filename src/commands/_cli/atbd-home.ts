import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

/** Where a local stack keeps everything it owns. Stacks with different roots live side by side. */
export interface AtbdHome {
  readonly root: string;
  /** Proves that atbd made the folder; `down --purge` deletes nothing without it. */
  readonly marker: string;
  /** What the stack consists of: ports, queue, users (`stack-record.ts`). */
  readonly record: string;
  /** Held while the stack is being changed, so that two `up` at once are one. */
  readonly lock: string;
  /** State files of the supervisor and of the parts. */
  readonly run: string;
  readonly log: string;
  readonly data: string;
  /** Generated passwords, one a file, readable by the owner only. */
  readonly secret: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** The folders and files below ATBD_HOME, by default `atbd` in the XDG data folder. */
export function atbdHome(env: Environment = process.env): AtbdHome {
  const dataHome = given(env['XDG_DATA_HOME']) ?? join(homedir(), '.local', 'share');
  const root = resolve(given(env['ATBD_HOME']) ?? join(dataHome, 'atbd'));
  return {
    root,
    marker: join(root, '.atbd-stack'),
    record: join(root, 'stack.json'),
    lock: join(root, 'lock'),
    run: join(root, 'run'),
    log: join(root, 'log'),
    data: join(root, 'data'),
    secret: join(root, 'secret'),
  };
}

/** The user's context file: ATBD_CONFIG, by default `atbd/config.yaml` in the XDG config folder. */
export function userConfigPath(env: Environment = process.env): string {
  const configHome = given(env['XDG_CONFIG_HOME']) ?? join(homedir(), '.config');
  return resolve(given(env['ATBD_CONFIG']) ?? join(configHome, 'atbd', 'config.yaml'));
}

/** What may be lost, below `atbd` in the XDG cache folder. */
export function cachePath(name: string, env: Environment = process.env): string {
  return join(given(env['XDG_CACHE_HOME']) ?? join(homedir(), '.cache'), 'atbd', name);
}

/** An empty variable counts as unset, as XDG asks. */
function given(value: string | undefined): string | undefined {
  return value === undefined || value === '' ? undefined : value;
}
