import * as Args from '@oclif/core/args';
import { parseField } from '../../engine/filter/filter.js';
import { AtbdCommand } from '../_cli/atbd-command.js';
import { sampleFlag, withSample } from './_discovery/sample.js';
import { answerQuestion } from './_question/answer-question.js';
import { questionFlags } from './_question/question-flags.js';

/** Lists the values of one field. */
export default class QueryValues extends AtbdCommand {
  static override summary = 'List the values of a field, the most frequent first.';
  static override description =
    'Any field of the event, or a key of attrs as KEY or attrs.KEY. Counts are exact; share is of all events that were asked about.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> provider --since 1d',
    '<%= config.bin %> <%= command.id %> attrs.region --service payment --level error+',
  ];
  static override args = {
    field: Args.string({ required: true, description: 'Field, or key of attrs.' }),
  };
  static override flags = { ...questionFlags, ...sampleFlag };
  static override enableJsonFlag = true;

  async run(): Promise<void> {
    const { args, flags } = await this.parse(QueryValues);
    const field = parseField(args.field.trim());
    const { readFieldValues } = await import('../../store/discovery/field-values.js');
    await answerQuestion(flags, {
      signal: this.signal,
      defaultSince: '1h',
      fields: [field],
      ask: (asked) =>
        withSample(asked, flags.sample, ({ store, range, filter, limit, signal }) =>
          readFieldValues(store, { field, range, filter, limit }, { signal }),
        ),
    });
  }
}
