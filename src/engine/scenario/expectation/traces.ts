import { z } from 'zod';
import { ACTION_SAMPLE_MAX, type ActionTruth } from '../load/story-load.js';
import {
  firstDetails,
  within,
  type Expectation,
  type ExpectationContext,
  type Verdict,
} from './expectation.js';

/** Ids of one question: a list of them still is a short request. */
const IDS_PER_QUESTION = 250;

/** Every trace of a sample has exactly the events that the truth counts, service by service. */
export const traces = z
  .strictObject({
    kind: z.literal('traces'),
    sample: z
      .int()
      .min(1)
      .max(ACTION_SAMPLE_MAX)
      .default(ACTION_SAMPLE_MAX)
      .describe('How many actions are compared; fewer when there are not so many.'),
    operation: z.string().min(1).optional().describe('Only actions of this kind, such as buy.'),
    within,
  })
  .describe('Traces of a sample of actions are complete, event by event and service by service.')
  .transform(({ sample, operation, within: withinMs }): Expectation => ({
    kind: 'traces',
    title: `traces of ${sample} ${operation ?? ''}${operation ? ' ' : ''}actions are complete`,
    withinMs,
    check: (context) => checkTraces({ sample, operation }, context),
  }));

async function checkTraces(
  { sample, operation }: { readonly sample: number; readonly operation: string | undefined },
  { truth, store, signal }: ExpectationContext,
): Promise<Verdict> {
  const actions = truth.actions
    .filter((action) => operation === undefined || action.operation === operation)
    .slice(0, sample);
  const wrong: { readonly opId: string; readonly line: string }[] = [];
  for (let at = 0; at < actions.length; at += IDS_PER_QUESTION) {
    const asked = actions.slice(at, at + IDS_PER_QUESTION);
    const stored = await store.countByService(
      asked.map(({ opId }) => opId),
      signal,
    );
    for (const action of asked) {
      const line = differenceOf(action, stored.get(action.opId) ?? new Map<string, number>());
      if (line !== undefined) wrong.push({ opId: action.opId, line });
    }
  }
  const shown = wrong[0]?.opId ?? actions[0]?.opId ?? 'OP_ID';
  return {
    // A story without a single action has nothing that could be complete.
    isMet: wrong.length === 0 && actions.length > 0,
    expected: `${actions.length} traces complete`,
    seen: `${actions.length - wrong.length} complete, ${wrong.length} not`,
    command: `atbd query trace ${shown}`,
    details: firstDetails(wrong.map(({ line }) => line)),
  };
}

function differenceOf(
  { opId, operation, eventsByService }: ActionTruth,
  stored: ReadonlyMap<string, number>,
): string | undefined {
  const services = [...new Set([...eventsByService.keys(), ...stored.keys()])].toSorted();
  const parts = services.flatMap((service) => {
    const [wanted, seen] = [eventsByService.get(service) ?? 0, stored.get(service) ?? 0];
    return wanted === seen ? [] : [`${service} ${seen} of ${wanted}`];
  });
  return parts.length === 0 ? undefined : `${operation} ${opId}: ${parts.join(', ')}`;
}
