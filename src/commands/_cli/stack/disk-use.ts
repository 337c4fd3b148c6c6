import type { StoreConnection } from '../../../engine/model/connection.js';
import type { StackReport } from './describe-stack.js';

/** Shards that do not answer by then are reported as silent: `status` is for trouble, too. */
const ANSWER_MS_MAX = 3_000;

/** What the store's tables take on the disk, over the shards that answer. */
export async function diskUse(connection: StoreConnection): Promise<StackReport['disk']> {
  const [{ openStore }, { readTableSizes }] = await Promise.all([
    import('../../../store/clickhouse/store.js'),
    import('../../../store/query/table-sizes.js'),
  ]);
  await using store = openStore(connection);
  const signal = AbortSignal.timeout(ANSWER_MS_MAX);
  const { tables, missingShards: missing } = await readTableSizes(store, signal);
  const error = missing.length === 0 ? null : `shard ${missing.join(', ')} does not say`;
  return { tables, error };
}
