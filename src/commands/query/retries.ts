import * as Flags from '@oclif/core/flags';
import { CHAIN_OUTCOMES } from '../../engine/model/question/chain-outcome.js';
import { readChains } from '../../store/journey/read-chains.js';
import { readRetries } from '../../store/journey/read-retries.js';
import { AtbdCommand } from '../_cli/atbd-command.js';
import { answerQuestion } from './_question/answer-question.js';
import { byFlag, everyFlag, questionFlags } from './_question/question-flags.js';

export default class QueryRetries extends AtbdCommand {
  static override summary =
    'Show how orders got paid: at once, by retries, not at all; by provider, per interval.';
  static override description = `All attempts to get one order paid are a chain, over however many actions and shards: an attempt an hour later, under another op_id, is the same story. A chain counts where its first attempt lies, and what comes after --to still decides it; an attempt that was sent twice counts once.
Conditions and --by ask the attempt that decided the chain, or its last one. What an attempt is, and how long anybody waits for the next one: docs/journeys.md.`;
  static override examples = [
    '<%= config.bin %> <%= command.id %> --since 1d --every 1h --by none',
    '<%= config.bin %> <%= command.id %> --chains --outcome failed,open',
  ];
  static override flags = {
    ...questionFlags,
    ...everyFlag,
    ...byFlag,
    chains: Flags.boolean({
      summary: 'List the chains one by one, worst first.',
      exclusive: ['every', 'by'],
    }),
    outcome: Flags.option({
      summary: 'List only chains that ended so.',
      options: CHAIN_OUTCOMES,
      multiple: true,
      multipleNonGreedy: true,
      delimiter: ',',
      dependsOn: ['chains'],
    })(),
  };
  static override enableJsonFlag = true;

  async run(): Promise<void> {
    const { flags } = await this.parse(QueryRetries);
    const outcomes = flags.outcome ?? CHAIN_OUTCOMES;
    await answerQuestion(flags, {
      signal: this.signal,
      defaultSince: '1h',
      defaultBy: ['provider'],
      ask: async ({ store, journeys, range, buckets, by, filter, limit, asOf, signal }) => {
        const asked = { journeys, range, by, filter, limit, asOf: await asOf() };
        return flags.chains
          ? readChains(store, { ...asked, outcomes }, { signal })
          : readRetries(store, { ...asked, buckets }, { signal });
      },
    });
  }
}
