import { latency } from '../../store/metric/metrics.js';
import { readFigures } from '../../store/metric/read-figures.js';
import { AtbdCommand } from '../_cli/atbd-command.js';
import { answerQuestion } from './_question/answer-question.js';
import { byFlag, everyFlag, questionFlags } from './_question/question-flags.js';

export default class QueryLatency extends AtbdCommand {
  static override summary = 'Show how long requests took: count, min, mean, percentiles, max.';
  static override description = `Every span with a duration counts. Percentiles are within 1 % of the exact ones, over any period.`;
  static override examples = ['<%= config.bin %> <%= command.id %> --since 1d --every 1h'];
  static override flags = { ...questionFlags, ...everyFlag, ...byFlag };
  static override enableJsonFlag = true;

  async run(): Promise<void> {
    const { flags } = await this.parse(QueryLatency);
    await answerQuestion(flags, {
      signal: this.signal,
      defaultSince: '1h',
      defaultBy: ['operation', 'service'],
      ask: ({ store, range, buckets, by, filter, limit, signal }) =>
        readFigures(store, { metric: latency, range, buckets, by, filter, limit }, { signal }),
    });
  }
}
