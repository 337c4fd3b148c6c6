import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { writeFileAtomically } from './atomic-file.js';
import { isHealthy, type PartState, type Phase } from './lifecycle.js';
import type { PartSpec } from './part.js';
import type { ProcessIdentity } from './process-identity.js';
import { partLogPath, type SupervisorSnapshot } from './supervisor.js';

/** Rises when an older atbd could no longer read the file. */
export const STATUS_VERSION = 1;

const processSchema = z.object({ pid: z.number(), born: z.string() });

const partStatusSchema = z.object({
  name: z.string(),
  stage: z.number(),
  /** `waiting` for others, `starting`, `ready`, `done`, `failing`, `backoff`, `stopping`, `stopped`. */
  state: z.string(),
  isHealthy: z.boolean(),
  /** Since when it is ready; null when it is not. */
  readySinceMs: z.number().nullable(),
  process: processSchema.nullable(),
  restarts: z.number(),
  failuresInRow: z.number(),
  lastError: z.string().nullable(),
  log: z.string(),
});

const stackStatusSchema = z.object({
  version: z.literal(STATUS_VERSION),
  supervisor: processSchema,
  startedAtMs: z.number(),
  isStopping: z.boolean(),
  parts: z.array(partStatusSchema),
});

/** What the supervisor says of itself and its parts, kept in a file for everyone to read. */
export type StackStatus = z.infer<typeof stackStatusSchema>;
export type PartStatus = z.infer<typeof partStatusSchema>;

/** The status as it was written last, undefined when there is none (or none that we understand). */
export async function readStackStatus(path: string): Promise<StackStatus | undefined> {
  try {
    return stackStatusSchema.safeParse(JSON.parse(await readFile(path, 'utf8'))).data;
  } catch {
    return undefined;
  }
}

/** What is said about one moment. */
export function statusOf(
  { state, processes }: SupervisorSnapshot,
  about: {
    readonly specs: readonly PartSpec[];
    readonly supervisor: ProcessIdentity;
    readonly startedAtMs: number;
    readonly logFolder: string;
  },
): StackStatus {
  const { specs, supervisor, startedAtMs, logFolder } = about;
  const parts = specs.flatMap(({ name, stage }) => {
    const part = state.parts.get(name);
    if (!part) return [];
    const process = processes.get(name) ?? null;
    return [{ name, stage, process, log: partLogPath(logFolder, name), ...aboutPart(part) }];
  });
  return { version: STATUS_VERSION, supervisor, startedAtMs, isStopping: state.isStopping, parts };
}

function aboutPart(part: PartState): Omit<PartStatus, 'name' | 'stage' | 'process' | 'log'> {
  const { phase, restarts, failuresInRow, lastError } = part;
  return {
    state: phase.kind,
    isHealthy: isHealthy(part),
    readySinceMs: readySinceMs(phase),
    restarts,
    failuresInRow,
    lastError: lastError ?? null,
  };
}

function readySinceMs(phase: Phase): number | null {
  return phase.kind === 'ready' ? phase.sinceMs : null;
}

/** Writes the newest status to the file, one write at a time; what came between is left out. */
export class StatusWriter implements AsyncDisposable {
  readonly #path: string;
  #next: StackStatus | undefined;
  #writing: Promise<void> | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  write(status: StackStatus): void {
    this.#next = status;
    this.#writing ??= this.#drain().finally(() => {
      this.#writing = undefined;
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#writing;
  }

  async #drain(): Promise<void> {
    while (this.#next) {
      const status = this.#next;
      this.#next = undefined;
      // A full disk must not stop the stack; readers see by the processes whether it lives.
      await writeFileAtomically(this.#path, `${JSON.stringify(status)}\n`).catch(() => undefined);
    }
  }
}
