import { spawn, type ChildProcess } from 'node:child_process';
import type { Clock } from '../model/clock.js';
import type { LogFile } from './log-file.js';
import { OutputTail } from './output-tail.js';
import type { PartSpec, ProcessSpec, TaskSpec } from './part.js';

/** How often a starting process is asked whether it is ready. */
const PROBE_INTERVAL_MS = 50;

/** How long after its end a process's last words are waited for: a grandchild may hold the pipe open. */
const LAST_WORDS_MS = 500;

/** A part on its way, until it reports its end. */
export interface RunningPart {
  /** undefined for a task, and for a process that could not be started. */
  readonly pid: number | undefined;
  terminate(): void;
  kill(): void;
}

/** What a part is launched with; `onReady` at most once, `onEnded` exactly once and after it. */
export interface LaunchOptions {
  readonly clock: Clock;
  readonly log: LogFile;
  readonly onReady: () => void;
  /** `failure` undefined: a task has done its work. */
  readonly onEnded: (failure: string | undefined) => void;
}

/** Starts a part; never throws, a failure to start is reported as its end. */
export function launch(spec: PartSpec, options: LaunchOptions): RunningPart {
  return spec.kind === 'process' ? launchProcess(spec, options) : launchTask(spec, options);
}

function launchProcess(spec: ProcessSpec, options: LaunchOptions): RunningPart {
  const child = spawn(spec.command, spec.args, {
    env: { ...process.env, ...spec.env },
    // The channel is closed when the supervisor dies, however it dies (end-with-supervisor.child.ts).
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    // A group of its own: Ctrl-C in a terminal reaches the supervisor only, which stops in order.
    detached: true,
  });
  const tail = new OutputTail();
  const onOutput = (chunk: Buffer): void => {
    options.log.write(chunk);
    tail.add(chunk);
  };
  child.stdout?.on('data', onOutput);
  child.stderr?.on('data', onOutput);
  const ended = new AbortController();
  void endOf(child, options.clock).then((reason) => {
    ended.abort();
    // Killed from outside, or for want of memory: it could not say why.
    const words = child.signalCode === 'SIGKILL' ? undefined : tail.mostTelling();
    options.onEnded(words === undefined ? reason : `${reason}: ${words}`);
  });
  if (child.pid !== undefined) void probe(spec, child.pid, options, ended.signal);
  return {
    pid: child.pid,
    terminate: () => void child.kill('SIGTERM'),
    kill: () => {
      killGroup(child);
    },
  };
}

/** Resolves with why the process ended, once its output is read. */
function endOf(child: ChildProcess, clock: Clock): Promise<string> {
  return new Promise((resolve) => {
    child.once('error', (error) => {
      // An error of a living child is one of the channel or of a signal: its end will tell.
      if (child.pid === undefined) resolve(`cannot start: ${error.message}`);
    });
    child.once('exit', (code, signal) => {
      const reason = code === null ? `ended by ${signal ?? 'a signal'}` : `ended with code ${code}`;
      const closed = new Promise<void>((onClosed) =>
        child.once('close', () => {
          onClosed();
        }),
      );
      void Promise.race([closed, clock.sleep(LAST_WORDS_MS)]).then(() => {
        resolve(reason);
      });
    });
  });
}

async function probe(
  spec: ProcessSpec,
  pid: number,
  { clock, onReady }: LaunchOptions,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    // A probe that fails says "not yet"; a start that never succeeds has its own limit.
    const isReady = await spec.isReady(pid).catch(() => false);
    if (isReady && !isAborted(signal)) {
      onReady();
      return;
    }
    await clock.sleep(PROBE_INTERVAL_MS, signal).catch(() => undefined);
  }
}

/** A function, because the compiler believes that the signal is what it was before the await. */
function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}

function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    child.kill('SIGKILL');
  }
}

function launchTask(spec: TaskSpec, { log, onReady, onEnded }: LaunchOptions): RunningPart {
  const stop = new AbortController();
  let hasEnded = false;
  const end = (failure: string | undefined): void => {
    if (!hasEnded) onEnded(failure);
    hasEnded = true;
  };
  spec
    .run({
      signal: stop.signal,
      onReady: () => {
        if (!hasEnded) onReady();
      },
    })
    .then(
      () => {
        end(undefined);
      },
      (error: unknown) => {
        const reason = error instanceof Error ? error.message : String(error);
        if (!stop.signal.aborted) log.write(`${reason}\n`);
        end(reason);
      },
    );
  return {
    pid: undefined,
    terminate: () => {
      stop.abort();
    },
    // A task cannot be forced: it is given up, and ends with the supervisor's process.
    kill: () => {
      stop.abort();
      setImmediate(() => {
        end('did not stop in time');
      });
    },
  };
}
