import { readFunnel } from '../../store/funnel/read-funnel.js';
import { AtbdCommand } from '../_cli/atbd-command.js';
import { answerQuestion } from './_question/answer-question.js';
import { byFlag, everyFlag, questionFlags } from './_question/question-flags.js';

export default class QueryFunnel extends AtbdCommand {
  static override summary =
    'Show how many sessions come from view to reserve to buy, where they stop, and how long it takes.';
  static override description = `A session takes the first step with its first event of that step, and each other one with the first event of it that is not before the step before. It counts in the interval of its first step, and what comes after --to still counts. A pause of 30 minutes ends a session. Steps and pauses are those of the journeys: docs/journeys.md.

"drop_out" is the share of the sessions of the step before that did not come to this one; "took" is the time from the step before. Conditions and --by ask the event of the first step. A row is provisional as long as more sessions can begin in it or one in it can go on.`;
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --since 1d --every 1h',
    '<%= config.bin %> <%= command.id %> --since 1d --by page -o chart',
    `<%= config.bin %> <%= command.id %> --since 3h --assert 'step != "buy" || share > 0.1'`,
  ];
  static override flags = { ...questionFlags, ...everyFlag, ...byFlag };
  static override enableJsonFlag = true;

  async run(): Promise<void> {
    const { flags } = await this.parse(QueryFunnel);
    await answerQuestion(flags, {
      signal: this.signal,
      defaultSince: '1h',
      ask: async ({ store, journeys, range, buckets, by, filter, limit, asOf, signal }) =>
        readFunnel(
          store,
          { journeys, range, buckets, by, filter, limit, asOf: await asOf() },
          { signal },
        ),
    });
  }
}
