import { setTimeout as delay } from 'node:timers/promises';
import type { ClickHouseClient } from '@clickhouse/client';
import { AtbdError } from '../../../engine/model/error.js';

/** Longer than any insert may take (`write/chunk-store.ts`), and checked this often. */
const INSERTS_MS_MAX = 150_000;
const POLL_MS = 50;

/** An insert has its views from its beginning on, whatever becomes of them: those that run now are waited for. */
export async function untilInsertsEnd(client: ClickHouseClient): Promise<void> {
  const before = await runningInserts(client);
  for (let waitedMs = 0; ; waitedMs += POLL_MS) {
    const now = await runningInserts(client);
    if (!before.some((id) => now.includes(id))) return;
    if (waitedMs >= INSERTS_MS_MAX) throw insertsDoNotEnd();
    await delay(POLL_MS);
  }
}

async function runningInserts(client: ClickHouseClient): Promise<string[]> {
  const answer = await client.query({
    query: `SELECT query_id AS id FROM system.processes WHERE query_kind = 'Insert' LIMIT 10000`,
    format: 'JSONEachRow',
  });
  return (await answer.json<{ id: string }>()).map(({ id }) => id);
}

function insertsDoNotEnd(): AtbdError {
  return new AtbdError({
    code: 'TIMEOUT',
    message: 'cannot change the schema: an insert from before does not end',
    hint: 'Look for it in system.processes of the shard, and run `atbd migrate` again. Until then inserts wait, and nothing of them is lost.',
  });
}
