import { Args } from '@oclif/core';
import { AtbdCommand } from '../_cli/atbd-command.js';
import { atbdHome, userConfigPath } from '../_cli/atbd-home.js';
import { maskSecrets } from '../_cli/config/mask-secrets.js';
import { chosenContext } from '../_cli/config/user-config.js';
import { contextSpec } from '../_cli/context.js';
import { readStackRecord } from '../_cli/stack/stack-record.js';

interface ShownContext {
  readonly name: string;
  /** Who chose it. */
  readonly from: string;
  readonly home: string;
  readonly settings: unknown;
  /** The local stack's addresses, where the context uses it and it was ever made. */
  readonly stack?: unknown;
}

export default class ContextShow extends AtbdCommand {
  static override summary = 'Show a context, its secrets masked.';
  static override description =
    'Without a name, the one in use. Also says for each password where it comes from and whether it is there.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> production --json',
  ];
  static override args = {
    name: Args.string({ description: 'Context to show; by default the one in use.' }),
  };
  static override enableJsonFlag = true;

  async run(): Promise<ShownContext> {
    const { args, flags } = await this.parse(ContextShow);
    const chosen =
      args.name === undefined
        ? await chosenContext(flags.context)
        : { name: args.name, from: 'as asked' };
    const spec = await contextSpec(chosen.name, chosen.from);
    const home = atbdHome();
    const usesStack = spec.queue.kind === 'local' || spec.store.kind === 'local';
    const record = usesStack ? await readStackRecord(home) : undefined;
    const shown = {
      ...chosen,
      home: home.root,
      settings: await maskSecrets(spec, userConfigPath()),
      ...(record && { stack: await maskSecrets(record, home.record) }),
    };
    if (!this.jsonEnabled()) {
      const { stringify } = await import('yaml');
      this.log(stringify(shown, { lineWidth: 0 }).trimEnd());
    }
    return shown;
  }
}
