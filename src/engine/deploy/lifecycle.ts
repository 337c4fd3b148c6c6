import { backoffMs } from './backoff.js';
import type { PartSpec } from './part.js';

/**
 * What the supervisor does next, as a pure function of what happened and when: `supervisor.ts`
 * carries out the actions and reports back. Nothing here starts a process or asks a clock.
 */
export type Phase =
  /** Lower stages are not ready yet. */
  | { readonly kind: 'waiting' }
  | { readonly kind: 'starting'; readonly sinceMs: number }
  | { readonly kind: 'ready'; readonly sinceMs: number }
  /** A task that has finished its work. */
  | { readonly kind: 'done' }
  /** Told to end after it failed to start in time; its end brings the back-off. */
  | { readonly kind: 'failing'; readonly reason: string }
  | { readonly kind: 'backoff'; readonly untilMs: number }
  | { readonly kind: 'stopping'; readonly sinceMs: number; readonly isForced: boolean }
  | { readonly kind: 'stopped' };

export interface PartState {
  readonly phase: Phase;
  readonly wasReady: boolean;
  /** How often it was launched again. */
  readonly restarts: number;
  readonly failuresInRow: number;
  readonly lastError: string | undefined;
}

export interface LifecycleState {
  readonly isStopping: boolean;
  readonly parts: ReadonlyMap<string, PartState>;
}

export type LifecycleEvent =
  | { readonly kind: 'ready'; readonly part: string }
  | { readonly kind: 'ended'; readonly part: string; readonly failure: string | undefined }
  | { readonly kind: 'tick' }
  | { readonly kind: 'stop' };

export type LifecycleAction =
  | { readonly kind: 'launch'; readonly part: string }
  /** Asked to end: SIGTERM or abort. */
  | { readonly kind: 'terminate'; readonly part: string }
  /** Ended by force. */
  | { readonly kind: 'kill'; readonly part: string };

export interface Step {
  readonly state: LifecycleState;
  readonly actions: readonly LifecycleAction[];
}

/** All parts wait; the first `tick` launches the lowest stage. */
export function initialState(specs: readonly PartSpec[]): LifecycleState {
  const waiting: PartState = {
    phase: { kind: 'waiting' },
    wasReady: false,
    restarts: 0,
    failuresInRow: 0,
    lastError: undefined,
  };
  return { isStopping: false, parts: new Map(specs.map(({ name }) => [name, waiting])) };
}

/** Applies one event at a time; the actions are to be carried out in their order. */
export function step(
  specs: readonly PartSpec[],
  state: LifecycleState,
  event: LifecycleEvent,
  nowMs: number,
): Step {
  const parts = new Map(state.parts);
  const actions: LifecycleAction[] = [];
  const isStopping = state.isStopping || event.kind === 'stop';
  if (event.kind === 'ready') onReady(parts, event.part, nowMs);
  if (event.kind === 'ended') onEnded(specs, parts, event, { isStopping, nowMs });
  if (isStopping) advanceStop(specs, parts, actions, nowMs);
  else advanceStart(specs, parts, actions, nowMs);
  return { state: { isStopping, parts }, actions };
}

/** When a `tick` is due at the latest; undefined when nothing is waited for. */
export function wakeAtMs(specs: readonly PartSpec[], state: LifecycleState): number | undefined {
  const times = specs.map((spec) => {
    const { phase } = partOf(state.parts, spec.name);
    if (phase.kind === 'starting') return phase.sinceMs + spec.readyTimeoutMs;
    if (phase.kind === 'backoff') return phase.untilMs;
    if (phase.kind === 'stopping' && !phase.isForced) return phase.sinceMs + spec.stopTimeoutMs;
    return Infinity;
  });
  const earliest = Math.min(Infinity, ...times);
  return earliest === Infinity ? undefined : earliest;
}

/** Whether the part has come to rest for good. */
export function isStopped(state: LifecycleState): boolean {
  return [...state.parts.values()].every(({ phase }) => phase.kind === 'stopped');
}

/** Whether the part does its work now, or has done it. */
export function isHealthy({ phase }: PartState): boolean {
  return phase.kind === 'ready' || phase.kind === 'done';
}

function onReady(parts: Map<string, PartState>, name: string, nowMs: number): void {
  const part = partOf(parts, name);
  if (part.phase.kind !== 'starting') return;
  parts.set(name, { ...part, phase: { kind: 'ready', sinceMs: nowMs }, wasReady: true });
}

function onEnded(
  specs: readonly PartSpec[],
  parts: Map<string, PartState>,
  { part: name, failure }: { readonly part: string; readonly failure: string | undefined },
  { isStopping, nowMs }: { readonly isStopping: boolean; readonly nowMs: number },
): void {
  const part = partOf(parts, name);
  if (isStopping) {
    parts.set(name, { ...part, phase: { kind: 'stopped' } });
    return;
  }
  if (failure === undefined) {
    parts.set(name, { ...part, phase: { kind: 'done' }, wasReady: true });
    return;
  }
  const { backoff } = specOf(specs, name);
  const hadRecovered =
    part.phase.kind === 'ready' && nowMs - part.phase.sinceMs >= backoff.stableMs;
  const failuresInRow = hadRecovered ? 1 : part.failuresInRow + 1;
  parts.set(name, {
    ...part,
    phase: { kind: 'backoff', untilMs: nowMs + backoffMs(backoff, failuresInRow) },
    failuresInRow,
    lastError: part.phase.kind === 'failing' ? part.phase.reason : failure,
  });
}

function advanceStart(
  specs: readonly PartSpec[],
  parts: Map<string, PartState>,
  actions: LifecycleAction[],
  nowMs: number,
): void {
  for (const spec of specs) {
    const part = partOf(parts, spec.name);
    const { phase } = part;
    if (phase.kind === 'waiting' && areLowerStagesReady(specs, parts, spec.stage)) {
      parts.set(spec.name, { ...part, phase: { kind: 'starting', sinceMs: nowMs } });
      actions.push({ kind: 'launch', part: spec.name });
    } else if (phase.kind === 'backoff' && nowMs >= phase.untilMs) {
      const restarts = part.restarts + 1;
      parts.set(spec.name, { ...part, phase: { kind: 'starting', sinceMs: nowMs }, restarts });
      actions.push({ kind: 'launch', part: spec.name });
    } else if (phase.kind === 'starting' && nowMs >= phase.sinceMs + spec.readyTimeoutMs) {
      const reason = `not ready within ${spec.readyTimeoutMs / 1000} s`;
      parts.set(spec.name, { ...part, phase: { kind: 'failing', reason } });
      actions.push({ kind: 'kill', part: spec.name });
    }
  }
}

function areLowerStagesReady(
  specs: readonly PartSpec[],
  parts: ReadonlyMap<string, PartState>,
  stage: number,
): boolean {
  return specs.every((spec) => spec.stage >= stage || partOf(parts, spec.name).wasReady);
}

function advanceStop(
  specs: readonly PartSpec[],
  parts: Map<string, PartState>,
  actions: LifecycleAction[],
  nowMs: number,
): void {
  for (const { name } of specs) {
    const part = partOf(parts, name);
    if (isAtRest(part.phase)) parts.set(name, { ...part, phase: { kind: 'stopped' } });
  }
  const moving = specs.filter(({ name }) => partOf(parts, name).phase.kind !== 'stopped');
  const highest = Math.max(...moving.map(({ stage }) => stage));
  for (const spec of moving.filter(({ stage }) => stage === highest)) {
    const part = partOf(parts, spec.name);
    const { phase } = part;
    if (phase.kind !== 'stopping') {
      const stopping = { kind: 'stopping', sinceMs: nowMs, isForced: false } as const;
      parts.set(spec.name, { ...part, phase: stopping });
      actions.push({ kind: 'terminate', part: spec.name });
    } else if (!phase.isForced && nowMs >= phase.sinceMs + spec.stopTimeoutMs) {
      parts.set(spec.name, { ...part, phase: { ...phase, isForced: true } });
      actions.push({ kind: 'kill', part: spec.name });
    }
  }
}

/** Nothing of the part runs, so there is nothing to end. */
function isAtRest({ kind }: Phase): boolean {
  return kind === 'waiting' || kind === 'done' || kind === 'backoff';
}

function partOf(parts: ReadonlyMap<string, PartState>, name: string): PartState {
  const part = parts.get(name);
  if (!part) throw new Error(`BUG: no part named ${name}`);
  return part;
}

function specOf(specs: readonly PartSpec[], name: string): PartSpec {
  const spec = specs.find((at) => at.name === name);
  if (!spec) throw new Error(`BUG: no part named ${name}`);
  return spec;
}
