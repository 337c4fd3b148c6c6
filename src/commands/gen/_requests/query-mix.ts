import { createMix } from '../../../engine/load/mix.js';
import { AtbdError } from '../../../engine/model/error.js';
import type { Random } from '../../../engine/model/random.js';
import { quoteValue } from '../../../engine/model/visible-text.js';
import { QUERY_KINDS, type QueryKind } from './load-report.js';

/** Look-ups by id are what operators do most. */
export const MIX_DEFAULT = 'trace=5,logs=2,tail=2,figures=1';

const WEIGHT = /^(?<kind>\w+)=(?<weight>\d{1,6}(?:\.\d{1,6})?)$/u;

/** Picks the kind of the next question as `trace=5,logs=2` says; a kind that is left out is not asked. Rejects with USAGE_INVALID. */
export function parseMix(text: string): (random: Random) => QueryKind {
  const weights: Partial<Record<QueryKind, number>> = {};
  for (const part of text.split(',')) {
    const groups = WEIGHT.exec(part.trim())?.groups;
    const kind = QUERY_KINDS.find((each) => each === groups?.['kind']);
    if (kind === undefined) throw refuse(text, `${quoteValue(part)} is no kind with a weight`);
    weights[kind] = Number(groups?.['weight']);
  }
  if (!Object.values(weights).some((weight) => weight > 0))
    throw refuse(text, 'nothing has a weight');
  return createMix(weights);
}

function refuse(text: string, reason: string): AtbdError {
  return new AtbdError({
    code: 'USAGE_INVALID',
    message: `cannot read --mix ${quoteValue(text)}: ${reason}`,
    hint: `Write it as ${MIX_DEFAULT}; the kinds are ${QUERY_KINDS.join(', ')}.`,
  });
}
