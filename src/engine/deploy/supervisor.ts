import { join } from 'node:path';
import type { Clock } from '../model/clock.js';
import {
  initialState,
  isStopped,
  step,
  wakeAtMs,
  type LifecycleAction,
  type LifecycleEvent,
  type LifecycleState,
} from './lifecycle.js';
import { LogFile } from './log-file.js';
import type { PartSpec } from './part.js';
import { identify, type ProcessIdentity } from './process-identity.js';
import { launch, type RunningPart } from './running-part.js';

/** What the supervisor is given; nothing in it is changed. */
export interface SupervisorOptions {
  readonly specs: readonly PartSpec[];
  readonly clock: Clock;
  /** One log a part is kept here. The folder exists. */
  readonly logFolder: string;
  /** Called after every change, with what is now. */
  readonly onChange: (snapshot: SupervisorSnapshot) => void;
}

/** What is now. */
export interface SupervisorSnapshot {
  readonly state: LifecycleState;
  /** The processes that run, by the name of their part. */
  readonly processes: ReadonlyMap<string, ProcessIdentity>;
}

/**
 * Keeps all parts going until `signal` is aborted, then stops them stage by stage; resolves when
 * the last one has ended. A part that dies is started again with back-off and disturbs no other.
 */
export async function supervise(options: SupervisorOptions, signal: AbortSignal): Promise<void> {
  using supervisor = new Supervisor(options);
  await supervisor.run(signal);
}

/** The log of a part. */
export function partLogPath(logFolder: string, part: string): string {
  return join(logFolder, `${part}.log`);
}

class Supervisor implements Disposable {
  readonly #options: SupervisorOptions;
  readonly #specs: ReadonlyMap<string, PartSpec>;
  readonly #logs: ReadonlyMap<string, LogFile>;
  readonly #running = new Map<string, RunningPart>();
  readonly #processes = new Map<string, ProcessIdentity>();
  #onStopped: () => void = () => undefined;
  #state: LifecycleState;
  #alarm = new AbortController();

  constructor(options: SupervisorOptions) {
    this.#options = options;
    this.#specs = new Map(options.specs.map((spec) => [spec.name, spec]));
    this.#logs = new Map(
      options.specs.map(({ name }) => [name, new LogFile(partLogPath(options.logFolder, name))]),
    );
    this.#state = initialState(options.specs);
  }

  async run(signal: AbortSignal): Promise<void> {
    const onAbort = (): void => {
      this.#dispatch({ kind: 'stop' });
    };
    signal.addEventListener('abort', onAbort, { once: true });
    await new Promise<void>((resolve) => {
      this.#onStopped = resolve;
      this.#dispatch(signal.aborted ? { kind: 'stop' } : { kind: 'tick' });
    });
    signal.removeEventListener('abort', onAbort);
  }

  [Symbol.dispose](): void {
    this.#alarm.abort();
    for (const log of this.#logs.values()) log[Symbol.dispose]();
  }

  #dispatch(event: LifecycleEvent): void {
    const { specs, clock } = this.#options;
    const { state, actions } = step(specs, this.#state, event, clock.nowMs());
    this.#state = state;
    for (const action of actions) this.#perform(action);
    this.#setAlarm();
    this.#report();
    if (isStopped(state)) this.#onStopped();
  }

  #perform({ kind, part }: LifecycleAction): void {
    if (kind === 'launch') this.#launch(part);
    else if (kind === 'terminate') this.#running.get(part)?.terminate();
    else this.#running.get(part)?.kill();
  }

  #launch(name: string): void {
    const spec = this.#specs.get(name);
    const log = this.#logs.get(name);
    if (!spec || !log) throw new Error(`BUG: no part named ${name}`);
    const running = launch(spec, {
      clock: this.#options.clock,
      log,
      onReady: () => {
        this.#dispatch({ kind: 'ready', part: name });
      },
      onEnded: (failure) => {
        this.#running.delete(name);
        this.#processes.delete(name);
        this.#dispatch({ kind: 'ended', part: name, failure });
      },
    });
    this.#running.set(name, running);
    if (running.pid !== undefined) void this.#identify(name, running, running.pid);
  }

  async #identify(name: string, running: RunningPart, pid: number): Promise<void> {
    const identity = await identify(pid);
    if (!identity || this.#running.get(name) !== running) return;
    this.#processes.set(name, identity);
    this.#report();
  }

  #report(): void {
    this.#options.onChange({ state: this.#state, processes: new Map(this.#processes) });
  }

  #setAlarm(): void {
    this.#alarm.abort();
    this.#alarm = new AbortController();
    const { specs, clock } = this.#options;
    const atMs = wakeAtMs(specs, this.#state);
    if (atMs === undefined) return;
    clock.sleep(Math.max(0, atMs - clock.nowMs()), this.#alarm.signal).then(
      () => {
        this.#dispatch({ kind: 'tick' });
      },
      // A newer alarm took its place.
      () => undefined,
    );
  }
}
