import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { AtbdError, ERRORS, type ErrorCode } from '../../../engine/model/error.js';
import { userConfigPath, type AtbdHome } from '../atbd-home.js';

/** The CLI itself, from `dist/commands/_cli/stack/`. */
export const BIN = fileURLToPath(new URL('../../../../bin/run.js', import.meta.url));

/** Preloaded with `node --import`: the process ends when the one that started it is gone, however that ended. */
export const END_WITH_PARENT = new URL(
  '../../../engine/deploy/end-with-supervisor.child.js',
  import.meta.url,
).href;

/** A supervisor that this process started. */
export interface BackgroundSupervisor {
  /** Asks it to stop. */
  readonly stop: () => void;
  /** How it ended, when it did while we looked: null is a signal. */
  readonly exit: () => { readonly code: number | null } | undefined;
  /** Why it ended, in its own words. */
  readonly failure: () => AtbdError;
  /** From now on we no longer look. */
  readonly release: () => void;
}

/**
 * Starts `up --foreground` in a session of its own; its words go to supervisor.log. With `endsWithUs` it stops
 * the stack when this process ends, however it does; otherwise it outlives us.
 */
export function startInBackground(
  home: AtbdHome,
  args: readonly string[],
  { endsWithUs = false } = {},
): BackgroundSupervisor {
  const log = join(home.log, 'supervisor.log');
  putAside(log);
  const output = openSync(log, 'a', 0o600);
  let child: ChildProcess;
  try {
    const up = [BIN, 'up', '--local', '--foreground', '--json', ...args];
    child = spawn(process.execPath, endsWithUs ? ['--import', END_WITH_PARENT, ...up] : up, {
      cwd: home.root,
      detached: true,
      env: { ...process.env, ATBD_HOME: home.root, ATBD_CONFIG: userConfigPath() },
      // The channel is closed when we are gone, and that is what such a child waits for.
      stdio: endsWithUs ? ['ignore', output, output, 'ipc'] : ['ignore', output, output],
    });
  } finally {
    closeSync(output);
  }
  let exit: { code: number | null } | undefined;
  child.once('error', () => (exit = { code: null }));
  child.once('exit', (code) => (exit = { code }));
  return {
    stop: () => void child.kill('SIGTERM'),
    exit: () => exit,
    failure: () => failureIn(log),
    release: () => {
      child.channel?.unref();
      child.unref();
    },
  };
}

/** The log of the last start is kept, older ones are not. */
function putAside(log: string): void {
  try {
    renameSync(log, `${log}.1`);
  } catch {
    // There was none.
  }
}

const failureSchema = z.object({
  error: z.object({
    code: z.string().refine((code): code is ErrorCode => Object.hasOwn(ERRORS, code)),
    message: z.string(),
    hint: z.string(),
    causes: z.array(z.string()),
  }),
});

/** The supervisor writes its error as JSON, so that it can be passed on as if it were ours. */
function failureIn(log: string): AtbdError {
  for (const line of readFileSync(log, 'utf8').split('\n').toReversed()) {
    const { data } = failureSchema.safeParse(parseLine(line));
    if (!data) continue;
    const [cause] = data.error.causes;
    return new AtbdError({
      ...data.error,
      ...(cause !== undefined && { cause: new Error(cause) }),
    });
  }
  return new AtbdError({
    code: 'STACK_START_FAILED',
    message: 'cannot start the local stack: its supervisor ended',
    hint: `Its last words are in ${log}`,
  });
}

function parseLine(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
