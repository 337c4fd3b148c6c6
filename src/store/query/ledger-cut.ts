import { defineQuery, type QueryOptions } from '../clickhouse/define-query.js';
import { number, paramsOf, rowOf, text } from '../clickhouse/row-check.js';
import type { Store } from '../clickhouse/store.js';
import type { LedgerCut } from './log-cursor.js';

/** More partitions than this are no installation of ours; bounds the answer. */
const PARTITIONS_MAX = 100_000;

const ledgerEnds = defineQuery({
  name: 'ledger_cut',
  params: paramsOf<{ readonly partitionsMax: number }>(),
  row: rowOf({ topic: text, epoch: number, partition: number, end: text }),
  sql: `
    SELECT topic, epoch, partition, toString(max(last)) AS end
    FROM ledger
    GROUP BY topic, epoch, partition
    ORDER BY topic, epoch, partition
    LIMIT {partitionsMax:UInt32}`,
  // What a user lets be scanned is meant for events.
  settings: { max_rows_to_read: 0, max_bytes_to_read: 0 },
});

/** What is stored now, for a cursor to hold on to. */
export async function readLedgerCut(store: Store, options: QueryOptions): Promise<LedgerCut> {
  const { rows } = await ledgerEnds(store, { partitionsMax: PARTITIONS_MAX }, options);
  const cut: { topic: string; epoch: number; lastByPartition: Map<number, bigint> }[] = [];
  for (const { topic, epoch, partition, end } of rows) {
    let last = cut.at(-1);
    if (last?.topic !== topic || last.epoch !== epoch) {
      last = { topic, epoch, lastByPartition: new Map() };
      cut.push(last);
    }
    last.lastByPartition.set(partition, BigInt(end));
  }
  return cut;
}
