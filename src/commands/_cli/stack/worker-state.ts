import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';

const workerStateSchema = z.object({
  pid: z.number(),
  lastError: z.string().nullable(),
  /** Where it serves its metrics; null: nowhere. */
  metricsUrl: z.string().nullable(),
});

/** What a worker says of itself in its state file (`atbd worker ingest --state-file`). */
export type WorkerState = z.infer<typeof workerStateSchema>;

/** Where the worker that is this part of the stack keeps its state. */
export function workerStatePath(runFolder: string, part: string): string {
  return join(runFolder, `${part}.json`);
}

/** The words of the process `pid`; undefined when there are none, or only those of one before it. */
export async function readWorkerState(path: string, pid: number): Promise<WorkerState | undefined> {
  try {
    const state = workerStateSchema.parse(JSON.parse(await readFile(path, 'utf8')));
    return state.pid === pid ? state : undefined;
  } catch {
    return undefined;
  }
}
