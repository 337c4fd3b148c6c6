import { AtbdCommand } from '../_cli/atbd-command.js';
import { answerQuestion } from './_question/answer-question.js';
import { questionFlags } from './_question/question-flags.js';

/** Lists who writes events. */
export default class QueryServices extends AtbdCommand {
  static override summary = 'List services: events, errors, instances, operations, when last seen.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> --since 1d',
    `<%= config.bin %> <%= command.id %> --since 15m --assert 'error_share < 0.01'`,
  ];
  static override flags = questionFlags;
  static override enableJsonFlag = true;

  async run(): Promise<void> {
    const { flags } = await this.parse(QueryServices);
    const { readServices } = await import('../../store/discovery/services.js');
    await answerQuestion(flags, {
      signal: this.signal,
      defaultSince: '1h',
      ask: ({ store, range, filter, limit, signal }) =>
        readServices(store, { range, filter, limit }, { signal }),
    });
  }
}
