import { AtbdCommand } from '../_cli/atbd-command.js';
import { sanitizeText } from '../_cli/sanitize.js';
import { styleOf } from '../_cli/style.js';
import { textTable } from '../_cli/text-table.js';
import { findStory, shippedStories } from './_scenario/find-story.js';

interface ListedStory {
  readonly name: string;
  readonly title: string;
  readonly clock: string;
  readonly expectations: number;
  readonly path: string;
}

/** The stories that come with atbd. */
export default class ScenarioLs extends AtbdCommand {
  static override summary = 'List the stories that come with atbd.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --json',
  ];
  static override enableJsonFlag = true;

  async run(): Promise<readonly ListedStory[]> {
    await this.parse(ScenarioLs);
    const found = await Promise.all((await shippedStories()).map((name) => findStory(name)));
    const stories = found.map(({ name, path, story }) => {
      const { title, clock, expect } = story;
      return { name, title, clock, expectations: expect.length, path };
    });
    const style = styleOf(process.stdout);
    const head = ['STORY', 'CLOCK', 'EXPECTS', 'TITLE'].map((text) => style.dim(text));
    const rows = stories.map(({ name, clock, expectations, title }) => [
      style.bold(name),
      clock,
      String(expectations),
      sanitizeText(title),
    ]);
    this.log(textTable([head, ...rows], process.stdout.columns));
    return stories;
  }
}
