import { Flags } from '@oclif/core';
import { AtbdCommand } from './_cli/atbd-command.js';
import { resolveLiveContext } from './_cli/context.js';
import type { AppliedMigration } from '../store/migration/migrate.js';

export default class Migrate extends AtbdCommand {
  static override summary = 'Bring every shard to the newest schema.';
  static override description =
    'Workers may go on: while a shard changes it refuses their inserts, which they send again when it is through, so that nothing is lost or counted wrongly. ' +
    'The same holds after a migration that was cut off, until this is run again. `up` does it by itself, before its workers start. Every shard must answer.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --dry-run',
    '<%= config.bin %> <%= command.id %> --context production --json',
  ];
  static override flags = {
    'dry-run': Flags.boolean({ summary: 'Only say what would be applied; change nothing.' }),
  };
  static override enableJsonFlag = true;

  /** With --dry-run `applied` is empty and the rest says what would be done; without it nothing is left to do. */
  async run(): Promise<MigrateAnswer> {
    const { flags } = await this.parse(Migrate);
    const context = await resolveLiveContext({ name: flags.context });
    const [{ openStore }, { migrate, pendingMigrations }] = await Promise.all([
      import('../store/clickhouse/store.js'),
      import('../store/migration/migrate.js'),
    ]);
    await using store = openStore(context.store);
    const answer = flags['dry-run']
      ? { applied: [], ...(await pendingMigrations(store)) }
      : { applied: await migrate(store), pending: [], closedShards: [] };
    for (const { shard, name } of answer.applied) this.log(`shard ${shard}: applied ${name}`);
    for (const { shard, name } of answer.pending) this.log(`shard ${shard}: would apply ${name}`);
    for (const shard of answer.closedShards)
      this.log(`shard ${shard}: refuses inserts, because a migration was cut off or is at work`);
    const { applied, pending, closedShards } = answer;
    if (applied.length + pending.length + closedShards.length === 0)
      this.log('Every shard is up to date.');
    return answer;
  }
}

/** What `--json` prints: an API. */
interface MigrateAnswer {
  readonly applied: readonly AppliedMigration[];
  readonly pending: readonly AppliedMigration[];
  readonly closedShards: readonly number[];
}
