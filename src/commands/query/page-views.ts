import { withOnly } from '../../store/metric/metric.js';
import { pageViews } from '../../store/metric/metrics.js';
import { readFigures } from '../../store/metric/read-figures.js';
import { AtbdCommand } from '../_cli/atbd-command.js';
import { answerQuestion } from './_question/answer-question.js';
import { byFlag, everyFlag, questionFlags } from './_question/question-flags.js';

export default class QueryPageViews extends AtbdCommand {
  static override summary = 'Count page views, and who looked, by interval and by any field.';
  static override description = `A page view is a fact of type page.view, whatever the service answered. Users and sessions are the different user_id and session_id of these facts: each counts once a row, so those of several rows do not add up.`;
  static override examples = [
    '<%= config.bin %> <%= command.id %> --since 1d --every 1h',
    '<%= config.bin %> <%= command.id %> --since 1d --every 1h -o chart --measure users',
  ];
  static override flags = { ...questionFlags, ...everyFlag, ...byFlag };
  static override enableJsonFlag = true;

  async run(): Promise<void> {
    const { flags } = await this.parse(QueryPageViews);
    await answerQuestion(flags, {
      signal: this.signal,
      defaultSince: '1h',
      defaultBy: [],
      ask: ({ store, journeys, range, buckets, by, filter, limit, signal }) => {
        const all = pageViews(journeys);
        // A chart draws one figure; an assertion may ask for any.
        const isDrawn = flags.output === 'chart' && flags.assert === undefined;
        const metric = isDrawn ? withOnly(all, flags.measure ?? 'views') : all;
        return readFigures(store, { metric, range, buckets, by, filter, limit }, { signal });
      },
    });
  }
}
