import * as Flags from '@oclif/core/flags';
import { explain } from '../../engine/anomaly/explain.js';
import type { Answer } from '../../engine/model/question/answer.js';
import { parseEvery } from '../../engine/question/buckets.js';
import { requireDuration } from '../../engine/time/duration.js';
import { readWhatChanged } from '../../store/anomaly/what-changed.js';
import { AtbdCommand } from '../_cli/atbd-command.js';
import { explanationAnswer } from './_anomalies/anomaly-answer.js';
import { askAnomalies } from './_anomalies/ask-anomalies.js';
import { answerQuestion, type Asked } from './_question/answer-question.js';
import { questionFlags } from './_question/question-flags.js';

const NS_PER_MS = 1_000_000n;

export default class QueryAnomalies extends AtbdCommand {
  static override summary = 'Find what is not as usual: multitudes, refund rings, unusual figures.';
  static override description = `Who did one thing far oftener than everybody else, who buys to be paid back, and which figures left what is
usual at their hour of the week (or day, until there are three weeks). What has less than three days of history is said to
be warming up. docs/anomalies.md has the rules and how often they are right.`;
  static override examples = [
    '<%= config.bin %> <%= command.id %> --since 6h',
    '<%= config.bin %> <%= command.id %> --since 30m --explain --service payment',
    "<%= config.bin %> <%= command.id %> --since 1h --assert 'rows == 0'",
  ];
  static override flags = {
    ...questionFlags,
    every: Flags.string({
      summary: 'Width of the intervals in which figures are judged.',
      default: '15m',
      helpValue: 'TIME',
      helpGroup: 'TIME',
    }),
    history: Flags.string({
      summary: 'How far back what is usual is learnt.',
      default: '28d',
      helpValue: 'TIME',
      helpGroup: 'TIME',
    }),
    explain: Flags.boolean({
      summary: 'Rank what is over-represented in what went wrong: provider, service, file:line …',
      helpGroup: 'OUTPUT',
    }),
  };
  static override enableJsonFlag = true;

  async run(): Promise<void> {
    const { flags } = await this.parse(QueryAnomalies);
    const search = {
      everyMs: parseEvery(flags.every),
      historyMs: Number(requireDuration('--history', flags.history) / NS_PER_MS),
    };
    await answerQuestion(flags, {
      signal: this.signal,
      defaultSince: '1h',
      ask: (asked) =>
        flags.explain
          ? explainRange(asked)
          : askAnomalies(asked.store, { ...asked, ...search }, { signal: asked.signal }),
    });
  }
}

async function explainRange({ store, signal, ...asked }: Asked): Promise<Answer> {
  const { values, totals, missingShards } = await readWhatChanged(store, asked, { signal });
  return explanationAnswer(explain(values, totals), { ...asked, missingShards });
}
