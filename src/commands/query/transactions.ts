import { transactions } from '../../store/metric/metrics.js';
import { readFigures } from '../../store/metric/read-figures.js';
import { AtbdCommand } from '../_cli/atbd-command.js';
import { answerQuestion } from './_question/answer-question.js';
import { byFlag, everyFlag, questionFlags } from './_question/question-flags.js';

export default class QueryTransactions extends AtbdCommand {
  static override summary =
    'Count business transactions and their money: by interval, operation, provider, status.';
  static override description = `A transaction is a fact that ends one: reserved, paid, failed, cancelled, paid back. Amounts are exact, by currency. A fact without a provider has the one of its order's attempts: of the first that succeeded, else of the last one.`;
  static override examples = [
    '<%= config.bin %> <%= command.id %> --since 1d --every 1h',
    '<%= config.bin %> <%= command.id %> --since 1d --by provider,status',
  ];
  static override flags = { ...questionFlags, ...everyFlag, ...byFlag };
  static override enableJsonFlag = true;

  async run(): Promise<void> {
    const { flags } = await this.parse(QueryTransactions);
    await answerQuestion(flags, {
      signal: this.signal,
      defaultSince: '1h',
      defaultBy: ['operation', 'status'],
      ask: ({ store, journeys, range, buckets, by, filter, limit, signal }) =>
        readFigures(
          store,
          { metric: transactions(journeys), range, buckets, by, filter, limit },
          { signal },
        ),
    });
  }
}
