import { AtbdCommand } from '../../_cli/atbd-command.js';
import { readSavedSearches, savedSearchesPath } from '../../_cli/config/saved-searches.js';
import { sanitizeText } from '../../_cli/sanitize.js';
import { shellWord } from '../../_cli/shell-word.js';
import { styleOf } from '../../_cli/style.js';
import { textTable } from '../../_cli/text-table.js';

interface SavedLine {
  readonly name: string;
  readonly arguments: readonly string[];
}

export default class QuerySavedLs extends AtbdCommand {
  static override summary = 'List the saved searches.';
  static override description =
    'They are kept beside the user settings. `atbd query logs @NAME` asks one again, with more flags where wanted.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --json',
  ];
  static override enableJsonFlag = true;

  async run(): Promise<{ searches: SavedLine[] }> {
    await this.parse(QuerySavedLs);
    const saved = await readSavedSearches();
    const searches = Object.entries(saved)
      .map(([name, argv]) => ({ name, arguments: argv }))
      .toSorted((a, b) => (a.name < b.name ? -1 : 1));
    if (searches.length === 0) {
      this.logToStderr(
        `No search is saved in ${savedSearchesPath()}: atbd query logs … --save NAME`,
      );
    } else this.#print(searches);
    return { searches };
  }

  #print(searches: readonly SavedLine[]): void {
    const style = styleOf(process.stdout);
    const rows = searches.map(({ name, arguments: argv }) => [
      style.bold(`@${name}`),
      argv.map((word) => sanitizeText(shellWord(word))).join(' '),
    ]);
    const head = ['NAME', 'ARGUMENTS'].map((title) => style.dim(title));
    this.log(textTable([head, ...rows], process.stdout.columns));
  }
}
