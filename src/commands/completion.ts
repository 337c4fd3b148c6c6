import * as Args from '@oclif/core/args';
import { AtbdCommand } from './_cli/atbd-command.js';
import { shellScript, SHELLS } from './_cli/completion/shell-script.js';

/** The script by which a shell completes atbd's commands, flags and values. */
export default class Completion extends AtbdCommand {
  static override summary =
    'Print the script that completes commands, flags and values in a shell.';
  static override description = `Commands and flags are atbd's own. Services, hosts and other values are those of the last day, looked up once a minute at most; contexts, stories and saved searches come from where they are kept. Without a store there are just no values.`;
  static override examples = [
    'source <(<%= config.bin %> <%= command.id %> bash)',
    '<%= config.bin %> <%= command.id %> zsh > ~/.zfunc/_atbd',
    '<%= config.bin %> <%= command.id %> fish > ~/.config/fish/completions/atbd.fish',
  ];
  static override args = {
    shell: Args.string({ required: true, options: [...SHELLS], description: 'The shell.' }),
  };

  async run(): Promise<void> {
    const { args } = await this.parse(Completion);
    const shell = SHELLS.find((each) => each === args.shell);
    if (shell !== undefined) this.log(shellScript(shell));
  }
}
