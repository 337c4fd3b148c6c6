import type { PartitionWatch } from './partition-watch.js';

/** An answer to a probe: `problems` is empty when all is well. */
export interface ProbeAnswer {
  readonly ok: boolean;
  readonly problems: readonly string[];
}

/** Whether the loop still moves. A store or a queue that is away is no reason to be killed: the worker waits for it. */
export function livenessOf(watch: Pick<PartitionWatch, 'stuck'>): ProbeAnswer {
  return answerOf(
    watch
      .stuck()
      .map(
        ({ topic, partition, doing, silentMs }) =>
          `${topic}/${partition} has not moved for ${Math.round(silentMs / 1000)} s (${doing})`,
      ),
  );
}

/** Whether events are being stored: partitions are assigned, and every shard answers. */
export async function readinessOf(
  watch: Pick<PartitionWatch, 'owned'>,
  silentShards: () => Promise<readonly number[]>,
): Promise<ProbeAnswer> {
  const problems = watch.owned.length > 0 ? [] : ['no partition is assigned to this worker'];
  for (const shard of await silentShards()) problems.push(`shard ${shard} does not answer`);
  return answerOf(problems);
}

function answerOf(problems: readonly string[]): ProbeAnswer {
  return { ok: problems.length === 0, problems };
}
