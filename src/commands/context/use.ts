import { Args } from '@oclif/core';
import { AtbdCommand } from '../_cli/atbd-command.js';
import { userConfigPath } from '../_cli/atbd-home.js';
import { CURRENT_PATH, editUserConfig } from '../_cli/config/edit-config.js';
import { chosenContext } from '../_cli/config/user-config.js';
import { contextSpec } from '../_cli/context.js';

export default class ContextUse extends AtbdCommand {
  static override summary = 'Choose the context for all later commands of this user.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> production',
    '<%= config.bin %> <%= command.id %> local',
  ];
  static override args = {
    name: Args.string({ required: true, description: 'Context to use from now on.' }),
  };
  static override enableJsonFlag = true;

  async run(): Promise<{ current: string }> {
    const { args } = await this.parse(ContextUse);
    await contextSpec(args.name, 'to be used');
    await editUserConfig((document) => {
      document.setIn(CURRENT_PATH, args.name);
    });
    this.log(`Context in use: ${args.name}`);
    const chosen = await chosenContext();
    if (chosen.name !== args.name) {
      this.logToStderr(`Here ${chosen.name} goes before it (${chosen.from}).`);
    }
    this.debug(`written to ${userConfigPath()}`);
    return { current: args.name };
  }
}
