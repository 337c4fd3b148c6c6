import type { LedgerRange, LedgerSum, LedgerSums } from '../../engine/model/ledger-sum.js';
import { toStoreError } from '../clickhouse/server-error.js';
import type { Store } from '../clickhouse/store.js';

/** So many ranges a question: each becomes a condition on the ledger's key. */
const RANGES_MAX = 100;

/** It reads a few granules by key; what takes longer has a shard in trouble. */
const SECONDS_MAX = 5;

interface SumRow {
  readonly topic: string;
  readonly partition: number;
  readonly stored: number;
  readonly late: number;
  readonly clamped: number;
  readonly reasons: Readonly<Record<string, number>>;
  readonly newestMs: number;
}

/** Sums of ledger lines, found by their key on the shards that have them. */
export function createLedgerSums(store: Store): LedgerSums {
  return {
    async sumLedger(ranges) {
      const shards = [...new Set(ranges.map(({ shard }) => shard))];
      const asked = shards.flatMap((shard) =>
        slicesOf(ranges.filter((range) => range.shard === shard)).map((slice) =>
          sumOnShard(store, shard, slice),
        ),
      );
      return (await Promise.all(asked)).flat();
    },
  };
}

function slicesOf(ranges: readonly LedgerRange[]): LedgerRange[][] {
  return Array.from({ length: Math.ceil(ranges.length / RANGES_MAX) }, (_, index) =>
    ranges.slice(index * RANGES_MAX, (index + 1) * RANGES_MAX),
  );
}

async function sumOnShard(
  store: Store,
  shard: number,
  ranges: readonly LedgerRange[],
): Promise<LedgerSum[]> {
  const conditions = ranges.map(
    (_, index) =>
      `(topic = {topic${index}:String} AND epoch = {epoch${index}:UInt32} AND partition = {partition${index}:UInt32}
        AND first BETWEEN {first${index}:UInt64} AND {last${index}:UInt64})`,
  );
  try {
    const client = await store.shard(shard);
    const answer = await client.query({
      query: `
        SELECT topic, partition, sum(stored) AS stored, sum(late) AS late, sum(clamped) AS clamped,
          sumMap(reasons) AS reasons, toUnixTimestamp64Milli(max(newest)) AS newestMs
        FROM atbd.ledger_local WHERE ${conditions.join(' OR ')}
        GROUP BY topic, partition ORDER BY topic, partition LIMIT ${RANGES_MAX}`,
      query_params: paramsOf(ranges),
      format: 'JSONEachRow',
      clickhouse_settings: {
        // Counts of one worker's life, and times: far below 2^53.
        output_format_json_quote_64bit_integers: 0,
        max_execution_time: SECONDS_MAX,
        log_comment: 'atbd:sum_ledger',
      },
    });
    return (await answer.json<SumRow>()).map(toSum);
  } catch (cause) {
    throw toStoreError(cause, `read the ledger of shard ${shard}`);
  }
}

function paramsOf(ranges: readonly LedgerRange[]): Record<string, string | number> {
  const params: Record<string, string | number> = {};
  for (const [index, { topic, epoch, partition, first, lastChunk }] of ranges.entries()) {
    params[`topic${index}`] = topic;
    params[`epoch${index}`] = epoch;
    params[`partition${index}`] = partition;
    params[`first${index}`] = first.toString();
    params[`last${index}`] = lastChunk.toString();
  }
  return params;
}

function toSum({ reasons, newestMs, ...row }: SumRow): LedgerSum {
  return { ...row, dead: reasons, newestMs: newestMs > 0 ? newestMs : null };
}
