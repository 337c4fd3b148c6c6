import { Flags } from '@oclif/core';
import { AtbdError } from '../../engine/model/error.js';
import { AtbdCommand } from '../_cli/atbd-command.js';
import { loadJourneys } from '../_cli/journeys/load-journeys.js';
import { sanitizeText } from '../_cli/sanitize.js';

export default class JourneysValidate extends AtbdCommand {
  static override summary = 'Check files of journeys without asking anything.';
  static override description =
    'Every mistake is named with file, line and column. Exit code 2: a file is not valid.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> journeys.yaml',
    '<%= config.bin %> <%= command.id %> --schema > journeys.schema.json',
  ];
  static override strict = false;
  static override flags = {
    schema: Flags.boolean({ summary: 'Print the JSON schema of such files instead.' }),
  };
  static override enableJsonFlag = true;

  async run(): Promise<unknown> {
    const { flags, argv } = await this.parse(JourneysValidate);
    if (flags.schema) return this.#printSchema();
    if (argv.length === 0) throw nothingNamed();
    const valid: { readonly path: string }[] = [];
    for (const path of argv as string[]) {
      await loadJourneys(path);
      this.log(`${sanitizeText(path)} is valid`);
      valid.push({ path });
    }
    return valid;
  }

  async #printSchema(): Promise<Record<string, unknown>> {
    const { journeysJsonSchema } = await import('../../engine/journey/journeys-schema.js');
    const schema = journeysJsonSchema();
    if (!this.jsonEnabled()) this.logJson(schema);
    return schema;
  }
}

function nothingNamed(): AtbdError {
  return new AtbdError({
    code: 'USAGE_INVALID',
    message: 'cannot validate nothing: name a file',
    hint: 'Write one: atbd journeys show > journeys.yaml',
  });
}
