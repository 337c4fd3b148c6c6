import { Args } from '@oclif/core';
import type { RunAnswer } from '../../engine/scenario/result/story-result.js';
import { AtbdCommand } from '../_cli/atbd-command.js';
import { styleOf } from '../_cli/style.js';
import { readAnswer, writeReports } from './_scenario/report/answer-file.js';
import { renderResult } from './_scenario/report/render-result.js';
import { reportFlags } from './_scenario/report/report-flags.js';

/** Shows again what `scenario run --json` said. */
export default class ScenarioReport extends AtbdCommand {
  static override summary = 'Show a saved answer of `scenario run --json` again, also as a page.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> answer.json',
    '<%= config.bin %> <%= command.id %> answer.json --html report.html --junit report.xml',
  ];
  static override args = {
    file: Args.string({ required: true, description: 'What `scenario run --json` printed.' }),
  };
  static override flags = { ...reportFlags };
  static override enableJsonFlag = true;

  async run(): Promise<RunAnswer> {
    const { args, flags } = await this.parse(ScenarioReport);
    const answer = await readAnswer(args.file);
    await writeReports(answer, { html: flags.html, junit: flags.junit });
    const style = styleOf(process.stdout);
    for (const result of answer.results) this.log(renderResult(result, style));
    return answer;
  }
}
