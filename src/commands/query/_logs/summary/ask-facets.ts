import { parseField } from '../../../../engine/filter/filter.js';
import { AtbdError } from '../../../../engine/model/error.js';
import type { FieldRef } from '../../../../engine/model/filter.js';
import {
  factsWith,
  type Answer,
  type AnswerShape,
} from '../../../../engine/model/question/answer.js';
import type { Store } from '../../../../store/clickhouse/store.js';
import type { FacetsQuestion } from '../../../../store/search/facets.js';
import type { LogsQuestion } from '../logs-question.js';

/** Stands for the fields that most searches are narrowed by. */
export const DEFAULT_FACETS = 'default';

const DEFAULT_FIELDS = [
  'service',
  'level',
  'kind',
  'type',
  'host',
  'node',
  'pod',
  'container',
  'module',
  'file',
  'operation',
  'status',
  'provider',
];

/** What `askFacets` answers. */
export const FACETS_SHAPE: AnswerShape = {
  columns: [
    { name: 'field', kind: 'text', summary: 'The field.' },
    { name: 'value', kind: 'text', summary: 'One of its most frequent values.' },
    { name: 'events', kind: 'count', summary: 'Events that have it.' },
    { name: 'share', kind: 'share', summary: 'Of all that the search finds.' },
  ],
  facts: [{ name: 'total', kind: 'count', summary: 'Events of the whole search.' }],
};

/** Values of one field that a person looks at. */
const VALUES_MAX = 10;

/** They are bits of one number on the server. */
const FIELDS_MAX = 20;

const NS_PER_MS = 1_000_000n;

export interface FacetsRequest {
  /** Fields, parted by commas, or `default`. */
  readonly names: string;
  readonly question: LogsQuestion;
  readonly signal: AbortSignal;
}

/** The most frequent values of fields over all that a search finds. */
export async function askFacets(
  store: Store,
  { names, question, signal }: FacetsRequest,
): Promise<Answer> {
  const { readFacets } = await import('../../../../store/search/facets.js');
  const { range, nowMs } = question;
  const { facets, total, missingShards } = await readFacets(store, toFacets(names, question), {
    signal,
  });
  return {
    question: 'facets',
    range: { fromNs: range.fromNs ?? 0n, toNs: range.toNs ?? BigInt(nowMs) * NS_PER_MS },
    columns: FACETS_SHAPE.columns,
    rows: facets.flatMap(({ field, values }) => values.map((value) => ({ field, ...value }))),
    intervalsNs: [],
    facts: factsWith(FACETS_SHAPE.facts, { total }),
    notes: facets.flatMap(({ field, distinct, values }) =>
      distinct > values.length
        ? [`${field}: the ${values.length} most frequent of ${distinct} values.`]
        : [],
    ),
    source: 'events',
    missingShards,
  };
}

/** The question to the store; rejects with USAGE_INVALID. */
export function toFacets(names: string, { filter, range }: LogsQuestion): FacetsQuestion {
  const list = names === DEFAULT_FACETS ? DEFAULT_FIELDS : names.split(',');
  const fields = [...new Set(list.map((name) => name.trim()))].map((name): FieldRef =>
    parseField(name),
  );
  if (fields.length > FIELDS_MAX) {
    throw new AtbdError({
      code: 'USAGE_INVALID',
      message: `cannot count the values of ${fields.length} fields`,
      hint: `At most ${FIELDS_MAX} at once; see also: atbd query fields`,
    });
  }
  return { filter, range, fields, valuesMax: VALUES_MAX };
}
