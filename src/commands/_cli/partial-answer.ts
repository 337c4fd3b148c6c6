import { ERRORS } from '../../engine/model/error.js';

/** Says on stderr that an answer lacks shards, and sets the exit code for it; nothing for a whole answer. */
export function reportMissingShards(missing: readonly number[], shardCount: number): void {
  if (missing.length === 0) return;
  const names = missing.map((shard) => `shard ${shard}`).join(', ');
  process.stderr.write(
    `Warning: ${names} of ${shardCount} did not answer; what is shown is not all. See: atbd status\n`,
  );
  process.exitCode = ERRORS.PARTIAL_ANSWER.exitCode;
}
