import { AtbdError } from '../engine/model/error.js';
import { AtbdCommand } from './_cli/atbd-command.js';
import type { Description } from './_cli/describe/output/describe-output.js';

/** Says what there is to a program. */
export default class Describe extends AtbdCommand {
  static override summary = 'Describe commands to a program: flags, arguments, JSON schemas.';
  static override description =
    'Without a name, all commands; with one, that command or those below it. --json says everything, with the JSON Schema of what each command prints with --json; without it: what there is, and the members of the JSON of one command.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> query users',
    `<%= config.bin %> <%= command.id %> query users --json | jq '.commands[0].schema'`,
    `<%= config.bin %> <%= command.id %> --json | jq -r '.commands[].command'`,
  ];
  static override strict = false;
  static override enableJsonFlag = true;

  async run(): Promise<Description> {
    const { argv } = await this.parse(Describe);
    const name = (argv as string[]).join(' ').replaceAll(':', ' ');
    const [
      { commandWords, describeCommands },
      { drawDescription },
      { showAnswer },
      { describeTerminal },
    ] = await Promise.all([
      import('./_cli/describe/describe-commands.js'),
      import('./_cli/describe/draw-description.js'),
      import('./_cli/pager.js'),
      import('./_cli/terminal.js'),
    ]);
    const commands = this.config.commands.filter(({ id }) => {
      const words = commandWords(id);
      return name === '' || words === name || words.startsWith(`${name} `);
    });
    const description = describeCommands(this.config, commands);
    if (description.commands.length === 0) throw unknownCommand(name);
    if (!this.jsonEnabled()) {
      const text = drawDescription(description, describeTerminal(process.stdout));
      await showAnswer(`${text}\n`);
    }
    return description;
  }
}

function unknownCommand(name: string): AtbdError {
  return new AtbdError({
    code: 'USAGE_INVALID',
    message: `no such command: ${JSON.stringify(name.slice(0, 100))}`,
    hint: 'See which there are: atbd describe',
  });
}
