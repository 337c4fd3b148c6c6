import { type FSWatcher, watch } from 'node:fs';
import { realpath } from 'node:fs/promises';
import { join } from 'node:path';

/** The tables that an insert fills, in no order that one could rely on. */
export const TARGETS = [
  'events_local',
  'dead_letters_local',
  'ledger_local',
  'traffic_1m_local',
  'sessions_1m_local',
  'metrics_1m_local',
] as const;

/** What an insert makes, in its final name: its first and last block are the same, and its level is 0. */
const INSERTED_PART = /^[^_]+_(?<block>\d+)_\k<block>_0$/u;

/** Resolves as soon as an insert's part has got its name in one table of a shard's folder; undefined after the time. */
export async function nextPart(
  dataPath: string,
  table: (typeof TARGETS)[number],
  timeoutMs: number,
): Promise<string | undefined> {
  const dir = await realpath(join(dataPath, 'data', 'atbd', table));
  let watcher: FSWatcher | undefined;
  let timer: NodeJS.Timeout | undefined;
  try {
    return await new Promise((resolve) => {
      timer = setTimeout(() => {
        resolve(undefined);
      }, timeoutMs);
      watcher = watch(dir, (_event, name) => {
        if (name !== null && INSERTED_PART.test(name)) resolve(name);
      });
    });
  } finally {
    clearTimeout(timer);
    watcher?.close();
  }
}
