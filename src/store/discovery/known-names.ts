import type { QueryOptions } from '../clickhouse/define-query.js';
import type { Store } from '../clickhouse/store.js';
import type { LogRange } from '../query/log-cursor.js';
import { rangeToSql } from '../query/log-query.js';
import { SqlParams } from '../query/sql-params.js';
import { askRows } from '../query/ask-rows.js';

/** Names of one field; where there are more, some of them are enough to find what was meant. */
const NAMES_MAX = 5_000;

/** A hint is not worth a longer wait: what was read until then is taken. */
const SECONDS_MAX = 5;

/** Fields and keys of attrs in a time, for hints. */
export interface NamesQuestion<Field extends string> {
  readonly range: LogRange;
  /** Columns of texts. */
  readonly fields: readonly Field[];
  readonly hasAttrKeys: boolean;
}

export interface NamesAnswer<Field extends string> {
  readonly values: ReadonlyMap<Field, readonly string[]>;
  readonly attrKeys: readonly string[];
}

/** Which names occur. */
export async function readKnownNames<Field extends string>(
  store: Store,
  { range, fields, hasAttrKeys }: NamesQuestion<Field>,
  options: QueryOptions,
): Promise<NamesAnswer<Field>> {
  const params = new SqlParams();
  const lists = fields.map(
    (field, index) =>
      `arraySort(groupUniqArrayIf(${NAMES_MAX})(\`${field}\`, \`${field}\` != '')) AS n${index}`,
  );
  const keys = `arraySort(groupUniqArrayArray(${NAMES_MAX})(mapKeys(attrs))) AS keys`;
  const conditions = ['1', ...rangeToSql(range, params)];
  const sql = `
    SELECT ${[...lists, ...(hasAttrKeys ? [keys] : [])].join(', ')}
    FROM events
    WHERE ${conditions.map((condition) => `(${condition})`).join(' AND ')}
    LIMIT 1`;
  const settings = { max_execution_time: SECONDS_MAX, timeout_overflow_mode: 'break' };
  const query = { name: 'known_names', sql, params, settings };
  const { rows } = await askRows(store, query, options);
  const [row = {}] = rows;
  return {
    values: new Map(fields.map((field, index) => [field, row[`n${index}`] as string[]])),
    attrKeys: (row['keys'] as string[] | undefined) ?? [],
  };
}
