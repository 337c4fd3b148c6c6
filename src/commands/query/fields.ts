import * as Args from '@oclif/core/args';
import { AtbdCommand } from '../_cli/atbd-command.js';
import { sampleFlag, withSample } from './_discovery/sample.js';
import { answerQuestion } from './_question/answer-question.js';
import { questionFlags } from './_question/question-flags.js';

/** Lists which fields events have. */
export default class QueryFields extends AtbdCommand {
  static override summary = 'List the fields that events have, keys of attrs among them.';
  static override description = `In how many events, how many different values, and one of them. Every field is read for it: over a long
time --sample keeps it fast, or a prefix that names fewer fields.`;
  static override examples = [
    '<%= config.bin %> <%= command.id %> --service payment',
    '<%= config.bin %> <%= command.id %> attrs.http --since 1d --sample 1000000',
  ];
  static override args = {
    prefix: Args.string({ description: 'Only fields whose name begins so.' }),
  };
  static override flags = { ...questionFlags, ...sampleFlag };
  static override enableJsonFlag = true;

  async run(): Promise<void> {
    const { args, flags } = await this.parse(QueryFields);
    const prefix = args.prefix?.trim() ?? '';
    const { readFields } = await import('../../store/discovery/fields.js');
    await answerQuestion(flags, {
      signal: this.signal,
      defaultSince: '1h',
      ask: (asked) =>
        withSample(asked, flags.sample, ({ store, range, filter, limit, signal }) =>
          readFields(store, { prefix, range, filter, limit }, { signal }),
        ),
    });
  }
}
