import * as Args from '@oclif/core/args';
import { AtbdCommand } from '../../_cli/atbd-command.js';
import { removeSearch } from '../../_cli/config/saved-searches.js';

export default class QuerySavedRm extends AtbdCommand {
  static override summary = 'Remove a saved search.';
  static override examples = ['<%= config.bin %> <%= command.id %> errors'];
  static override args = {
    name: Args.string({ required: true, description: 'Its name, with or without @.' }),
  };
  static override enableJsonFlag = true;

  async run(): Promise<{ removed: string }> {
    const { args } = await this.parse(QuerySavedRm);
    const name = args.name.replace(/^@/u, '');
    await removeSearch(name);
    this.logToStderr(`Removed @${name}.`);
    return { removed: name };
  }
}
