import * as Flags from '@oclif/core/flags';
import type { Answer } from '../../../engine/model/question/answer.js';
import { formatRfc3339 } from '../../../engine/model/timestamp.js';
import type { Asked } from '../_question/answer-question.js';

/** What the server's limit holds. */
const SAMPLE_MAX = 4_000_000_000;

/** For questions that need not read everything to be of use. */
export const sampleFlag = {
  sample: Flags.integer({
    summary: 'Look only at the newest so many events of the range; the answer says so.',
    min: 1,
    max: SAMPLE_MAX,
    helpValue: 'EVENTS',
    helpGroup: 'LIMITS',
  }),
};

/** Asks about the newest `sample` events of the range, or about all of them without a sample. */
export async function withSample(
  asked: Asked,
  sample: number | undefined,
  ask: (asked: Asked) => Promise<Answer>,
): Promise<Answer> {
  if (sample === undefined) return ask(asked);
  const { newestEvents } = await import('../../../store/discovery/newest-events.js');
  const { store, range, filter, signal } = asked;
  const newest = await newestEvents(store, { range, filter, count: sample }, { signal });
  if (newest === null) return ask(asked);
  const answer = await ask({ ...asked, range: newest });
  const note = `A sample: only the newest ${sample} events, since ${formatRfc3339(newest.fromNs)}.`;
  return { ...answer, notes: [note, ...answer.notes] };
}
