import { Flags } from '@oclif/core';
import { AtbdError } from '../../engine/model/error.js';
import { storyJsonSchema } from '../../engine/scenario/story/story.js';
import { AtbdCommand } from '../_cli/atbd-command.js';
import { sanitizeText } from '../_cli/sanitize.js';
import { findStory } from './_scenario/find-story.js';

interface ValidStory {
  readonly name: string;
  readonly path: string;
  readonly title: string;
}

/** Checks stories without running them. */
export default class ScenarioValidate extends AtbdCommand {
  static override summary = 'Check stories without running anything.';
  static override description =
    'Every mistake is named with file, line and column. Exit code 2: a story is not valid.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> ./my-story/scenario.yaml',
    '<%= config.bin %> <%= command.id %> --schema > scenario.schema.json',
  ];
  static override strict = false;
  static override flags = {
    schema: Flags.boolean({ summary: 'Print the JSON schema of stories instead.' }),
  };
  static override enableJsonFlag = true;

  async run(): Promise<unknown> {
    const { flags, argv } = await this.parse(ScenarioValidate);
    if (flags.schema) return this.#printSchema();
    if (argv.length === 0) throw nothingNamed();
    const valid: ValidStory[] = [];
    for (const nameOrPath of argv as string[]) {
      const { name, path, story } = await findStory(nameOrPath);
      this.log(`${sanitizeText(path)} is valid: ${sanitizeText(story.title)}`);
      valid.push({ name, path, title: story.title });
    }
    return valid;
  }

  #printSchema(): Record<string, unknown> {
    const schema = storyJsonSchema();
    if (!this.jsonEnabled()) this.logJson(schema);
    return schema;
  }
}

function nothingNamed(): AtbdError {
  return new AtbdError({
    code: 'USAGE_INVALID',
    message: 'cannot validate nothing: name a story or its file',
    hint: 'See what there is: atbd scenario ls',
  });
}
