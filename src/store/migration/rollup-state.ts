import type { ClickHouseClient } from '@clickhouse/client';
import { ROLLUPS } from '../metric/rollup.js';
import { untilInsertsEnd } from './gate/running-inserts.js';

/**
 * Records from which minute on each roll-up of a shard is complete, where that is not known yet: from the beginning on a shard
 * without events, else from the minute after the newest event there is. To be called when the views are there; safe beside inserts and
 * beside itself.
 *
 * What was stored before the views is not counted in afterwards: a chunk may be sent again after that, and the
 * roll-ups, which never saw its token, would count it twice. As it is, such rows lie in minutes that nobody reads.
 */
export async function recordRollups(client: ClickHouseClient): Promise<void> {
  const known = new Set(
    (
      await rowsOf<{ rollup: string }>(
        client,
        'SELECT DISTINCT rollup FROM atbd.rollup_state_local LIMIT 1000',
      )
    ).map(({ rollup }) => rollup),
  );
  const rollups = Object.keys(ROLLUPS).filter((name) => !known.has(name));
  if (rollups.length === 0) return;
  await untilInsertsEnd(client);
  // Times beyond what a minute can hold are in no roll-up (migration 0003): they hold nothing up either.
  await client.command({
    query: `
      INSERT INTO atbd.rollup_state_local (rollup, complete_from)
      SELECT arrayJoin({rollups:Array(String)}), newest
      FROM (
        SELECT if(count() = 0, toDateTime(0, 'UTC'), toStartOfMinute(max(ts)) + INTERVAL 1 MINUTE) AS newest
        FROM atbd.events_local
        WHERE ts >= toDateTime64('1970-01-01 00:00:00', 9, 'UTC') AND ts < toDateTime64('2106-02-07 00:00:00', 9, 'UTC')
      )`,
    query_params: { rollups },
  });
}

async function rowsOf<Row>(client: ClickHouseClient, query: string): Promise<Row[]> {
  const answer = await client.query({ query, format: 'JSONEachRow' });
  return answer.json<Row>();
}
