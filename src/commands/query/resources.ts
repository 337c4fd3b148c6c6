import * as Flags from '@oclif/core/flags';
import { RESOURCE_DIMENSIONS } from '../../engine/model/question/resources.js';
import { AtbdCommand } from '../_cli/atbd-command.js';
import { answerQuestion } from './_question/answer-question.js';
import { questionFlags } from './_question/question-flags.js';
import { askResources } from './_resources/ask-resources.js';

/** More than the largest machines have. */
const CORES_MAX = 4096;

export default class QueryResources extends AtbdCommand {
  static override summary =
    'Show processor and memory of machines or containers beside their users.';
  static override description = `Nodes and hosts by their system.* metrics, pods, containers and services by container.*: a service is as busy as its containers on average, and takes as much memory as they do together. --service, --node and the like choose whose load is shown. Users are the different users with an event from there in the interval.

"suspicious" are intervals in which load grew without users: processor or memory are above a robust line through load and users (Theil and Sen) by more than three deviations (MAD) of that machine, and by at least 10 points of the processor or 10 % of its usual memory. It takes eight whole intervals. "correlation" is Pearson's, of the mean processor load and the users of the shop.

"users_per_core" takes a machine and a container for one core, unless --cores says otherwise.`;
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --since 1d --every 1h --by service',
    "<%= config.bin %> <%= command.id %> --since 3h --assert '!suspicious'",
  ];
  static override flags = {
    ...questionFlags,
    every: Flags.string({
      summary: 'One row for each interval: 1m, 5m, 15m, 1h, 3h, 1d …',
      default: '5m',
      helpValue: 'TIME',
      helpGroup: 'TIME',
    }),
    by: Flags.option({
      summary: 'Whose load.',
      options: RESOURCE_DIMENSIONS,
      default: 'node',
      helpGroup: 'OUTPUT',
    })(),
    cores: Flags.integer({
      summary: 'Cores that a machine or a container has when it is wholly busy.',
      default: 1,
      min: 1,
      max: CORES_MAX,
      helpGroup: 'OUTPUT',
    }),
  };
  static override enableJsonFlag = true;

  async run(): Promise<void> {
    const { flags } = await this.parse(QueryResources);
    await answerQuestion(flags, {
      signal: this.signal,
      defaultSince: '1h',
      ask: ({ store, buckets, signal, ...asked }) => {
        if (buckets === null) throw new Error('BUG: --every has a default');
        const { by, cores } = flags;
        return askResources(store, { ...asked, buckets, by, cores }, { signal });
      },
    });
  }
}
