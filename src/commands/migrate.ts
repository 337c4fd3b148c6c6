import { AtbdCommand } from './_cli/atbd-command.js';
import { resolveContext } from './_cli/context.js';
import type { AppliedMigration } from '../store/migration/migrate.js';

export default class Migrate extends AtbdCommand {
  static override summary = 'Bring every shard to the newest schema.';
  static override description =
    'Safe to run again and beside running workers; `up` does it by itself. Every shard must answer.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --context production --json',
  ];
  static override enableJsonFlag = true;

  async run(): Promise<{ applied: readonly AppliedMigration[] }> {
    const { flags } = await this.parse(Migrate);
    const context = await resolveContext({ name: flags.context });
    const [{ openStore }, { migrate }] = await Promise.all([
      import('../store/clickhouse/store.js'),
      import('../store/migration/migrate.js'),
    ]);
    await using store = openStore(context.store);
    const applied = await migrate(store);
    for (const { shard, name } of applied) this.log(`shard ${shard}: applied ${name}`);
    if (applied.length === 0) this.log('Every shard is up to date.');
    return { applied };
  }
}
