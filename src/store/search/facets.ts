import type { FieldRef } from '../../engine/model/filter.js';
import type { QueryOptions } from '../clickhouse/define-query.js';
import type { Store } from '../clickhouse/store.js';
import { fieldLabel, fieldText } from '../discovery/field-text.js';
import { askRows, type BuiltQuery } from '../query/ask-rows.js';
import { SqlParams } from '../query/sql-params.js';
import { linesSql, type MatchingLines } from './matching-lines.js';

/** One field's most frequent values over all that a search finds. */
export interface Facet {
  readonly field: string;
  /** Different values. */
  readonly distinct: number;
  readonly values: readonly FacetValue[];
}

export interface FacetValue {
  readonly value: string;
  readonly events: number;
  /** Of all that the search finds. */
  readonly share: number;
}

export interface FacetsQuestion extends MatchingLines {
  /** Fields of texts; one that no event has is left out of the answer. */
  readonly fields: readonly FieldRef[];
  readonly valuesMax: number;
}

/** Counts the values of all fields in one pass over the events; counts are exact. */
export async function readFacets(
  store: Store,
  question: FacetsQuestion,
  options: QueryOptions,
): Promise<FacetsAnswer> {
  const { rows, missingShards } = await askRows(store, facetsQuery(question), options);
  const total = Number(rows[0]?.['total'] ?? 0);
  const facets = question.fields.flatMap((field, index) => {
    const own = rows.filter((row) => Number(row['field']) === index);
    const values = own.filter((row) => row['value'] !== '').slice(0, question.valuesMax);
    const [first] = values;
    if (first === undefined) return [];
    const facet: Facet = {
      field: fieldLabel(field),
      distinct: Number(first['distinct']),
      values: values.map((row) => ({
        value: row['value'] as string,
        events: Number(row['n']),
        share: Number(row['n']) / total,
      })),
    };
    return [facet];
  });
  return { facets, total, missingShards };
}

export interface FacetsAnswer {
  readonly facets: readonly Facet[];
  /** Events that the search finds. */
  readonly total: number;
  readonly missingShards: readonly number[];
}

/** The question as SQL: a grouping set for each field, so that the condition is judged once for each event. */
export function facetsQuery({ fields, valuesMax, ...lines }: FacetsQuestion): BuiltQuery {
  const params = new SqlParams();
  const texts = fields.map((field) => fieldText(field, params));
  const names = fields.map((_, index) => `f${index}`);
  const where = linesSql(lines, params);
  // One more for the events without a value: without them the total would not be known where none has one.
  const limit = params.add('UInt32', valuesMax + 1);
  // In the bits of grouping() a field that is grouped by is 0; the first is the highest.
  const bits = `bitXor(grouping(${names.join(', ')}), ${2 ** fields.length - 1})`;
  return {
    name: 'facets',
    sql: `
    SELECT field, value, n, total, distinct
    FROM
    (
      SELECT
        field, value, n,
        sum(n) OVER (PARTITION BY field) AS total,
        countIf(value != '') OVER (PARTITION BY field) AS distinct
      FROM
      (
        SELECT
          ${texts.map((text, index) => `${text} AS f${index}`).join(', ')},
          ${fields.length - 1} - toUInt32(log2(${bits})) AS field,
          concat(${[...names, "''"].join(', ')}) AS value,
          count() AS n
        FROM events
        WHERE ${where}
        GROUP BY GROUPING SETS (${names.map((name) => `(${name})`).join(', ')})
      )
    )
    ORDER BY field, value = '' DESC, n DESC, value
    LIMIT ${limit} BY field
    LIMIT ${params.add('UInt32', fields.length * (valuesMax + 1))}`,
    params,
  };
}
