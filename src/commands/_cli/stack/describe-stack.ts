import { residentBytes } from '../../../engine/deploy/process-identity.js';
import type { PartStatus, StackStatus } from '../../../engine/deploy/stack-status.js';
import type { AtbdHome } from '../atbd-home.js';
import type { LetterSpace } from '../letter-alarm.js';
import { readWorkerState, workerStatePath } from './worker-state.js';

/** A part as `status --json` says it: an API. */
export interface PartReport {
  readonly name: string;
  readonly state: string;
  readonly healthy: boolean;
  /** null: the part lives in the supervisor's process. */
  readonly pid: number | null;
  readonly memoryBytes: number | null;
  readonly uptimeMs: number | null;
  readonly restarts: number;
  /** Why it ended last. */
  readonly lastError: string | null;
  /** The latest failure that it goes on after, in its own words. */
  readonly reportedError: string | null;
  /** Where a worker serves /metrics, /healthz and /readyz; null for a part that has none. */
  readonly metricsUrl: string | null;
  readonly log: string;
}

/** What `status --json` says of the stack: an API. */
export interface StackReport {
  readonly home: string;
  readonly healthy: boolean;
  readonly stopping: boolean;
  readonly uptimeMs: number;
  readonly supervisor: { readonly pid: number; readonly memoryBytes: number | null };
  readonly parts: readonly PartReport[];
  /** Records that wait to be stored; null with the reason when the queue did not say. */
  readonly lag: { readonly records: number | null; readonly error: string | null };
  /** What the store's tables take, the largest first; `error` says which shards are left out. */
  readonly disk: {
    readonly tables: readonly {
      readonly name: string;
      readonly rows: number;
      readonly bytes: number;
    }[];
    readonly error: string | null;
  };
  /** Of the disk, what dead letters take, and may take. */
  readonly deadLetters: LetterSpace;
}

/** Measures the stack's processes. */
export async function describeStack(
  { root, run }: AtbdHome,
  status: StackStatus,
  measured: Pick<StackReport, 'lag' | 'disk' | 'deadLetters'>,
  nowMs: number,
): Promise<StackReport> {
  const { pid } = status.supervisor;
  return {
    home: root,
    healthy: !status.isStopping && status.parts.every((part) => part.isHealthy),
    stopping: status.isStopping,
    uptimeMs: nowMs - status.startedAtMs,
    supervisor: { pid, memoryBytes: (await residentBytes(pid)) ?? null },
    parts: await Promise.all(status.parts.map((part) => describePart(part, run, nowMs))),
    ...measured,
  };
}

async function describePart(
  part: PartStatus,
  runFolder: string,
  nowMs: number,
): Promise<PartReport> {
  const { name, state, isHealthy, process, readySinceMs, restarts, lastError, log } = part;
  const own = process && (await readWorkerState(workerStatePath(runFolder, name), process.pid));
  return {
    name,
    state,
    healthy: isHealthy,
    pid: process?.pid ?? null,
    memoryBytes: process ? ((await residentBytes(process.pid)) ?? null) : null,
    uptimeMs: readySinceMs === null ? null : nowMs - readySinceMs,
    restarts,
    lastError,
    reportedError: own?.lastError ?? null,
    metricsUrl: own?.metricsUrl ?? null,
    log,
  };
}
