import { AtbdCommand } from '../_cli/atbd-command.js';
import { userConfigPath } from '../_cli/atbd-home.js';
import { pathBeside } from '../_cli/config/secret.js';
import { chosenContext } from '../_cli/config/user-config.js';
import { contextSpec } from '../_cli/context.js';
import { journeysFlag } from '../_cli/journeys/journeys-flag.js';
import { loadJourneys } from '../_cli/journeys/load-journeys.js';

export default class JourneysShow extends AtbdCommand {
  static override summary = 'Print what business numbers count, as a file to begin your own with.';
  static override description =
    'Everything is in it: what your file leaves out is as in the built-in shop. Where it comes from is said on stderr.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> > journeys.yaml',
    '<%= config.bin %> <%= command.id %> --journeys journeys.yaml --json',
  ];
  static override flags = { ...journeysFlag };
  static override enableJsonFlag = true;

  async run(): Promise<unknown> {
    const { flags } = await this.parse(JourneysShow);
    const { journeys, path } = await loadJourneys(
      flags.journeys ?? (await contextJourneys(flags.context)),
    );
    const { fileOf } = await import('../../engine/journey/journeys-file.js');
    if (!this.jsonEnabled()) {
      const { journeysText } = await import('../../engine/journey/journeys-text.js');
      process.stderr.write(`From ${path ?? 'the built-in shop'}:\n`);
      this.log(journeysText(journeys.spec).trimEnd());
    }
    return fileOf(journeys.spec);
  }
}

/** No stack has to be up to say what its numbers mean. */
async function contextJourneys(name: string | undefined): Promise<string | undefined> {
  const chosen = await chosenContext(name);
  const { journeys } = await contextSpec(chosen.name, chosen.from);
  return journeys === undefined ? undefined : pathBeside(journeys, userConfigPath());
}
