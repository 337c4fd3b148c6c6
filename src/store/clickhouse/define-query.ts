import type { z } from 'zod';
import { askAll } from './ask-all.js';
import { askShards } from './ask-shards.js';
import { mergeRows, type MergeOptions } from './merge-rows.js';
import type { ReadProgress } from './read-progress.js';
import type { Answer, QueryText } from './send-query.js';
import type { Store } from './store.js';

/** A query with a name. Values travel as `{name:Type}` parameters, never inside the text; every query has a LIMIT. */
export interface QueryDefinition<Params extends Check, Row extends Check> {
  /** Becomes log_comment, so that the query is found in system.query_log. */
  readonly name: string;
  readonly params: Params;
  readonly row: Row;
  /** Text, or a text built from checked parameters when the columns themselves are chosen. */
  readonly sql: string | ((params: Output<Params>) => string);
  readonly settings?: Readonly<Record<string, string | number>>;
  /**
   * It stops as soon as it has its rows. The server judges a limit of rows by what the index leaves, which is far more than
   * is read then; so what is really read is counted here.
   */
  readonly stopsEarly?: boolean;
  /**
   * Asks each shard for its own tables (`events_local` and not `events`) and merges their rows; for questions whose rows are each of
   * one shard. The text's ORDER BY is the order of `compare`, its LIMIT is `limit`.
   */
  readonly merge?: MergeOptions<Output<Row>>;
}

/** A zod schema, or whatever else makes a checked value of an unknown one and throws when it cannot. */
interface Check {
  parse(value: unknown): unknown;
}
type Output<C extends Check> = ReturnType<C['parse']>;
type Input<C extends Check> = C extends z.ZodType ? z.input<C> : Output<C>;

export interface QueryOptions {
  /** Ends the query on every shard when it is aborted. */
  readonly signal?: AbortSignal;
  /** Rejects with CLICKHOUSE_UNREACHABLE when a shard does not answer, instead of answering in part. */
  readonly requireAll?: boolean;
  /** Told what was read so far, over all shards; the last time when all is read. */
  readonly onProgress?: (progress: ReadProgress) => void;
  /** Only these are asked; for questions that merge what each shard says. */
  readonly shards?: readonly number[];
}

/** Rows in the query's order, and the shards (index from 0) that did not answer: empty means a whole answer. */
export interface QueryAnswer<Row> {
  readonly rows: readonly Row[];
  readonly missingShards: readonly number[];
}

export interface NamedQuery<Params, Row> {
  (store: Store, params: Params, options?: QueryOptions): Promise<QueryAnswer<Row>>;
  /** Row by row, with bounded memory. `onMissing` is called before the first row when shards do not answer. */
  stream(
    store: Store,
    params: Params,
    options?: QueryOptions & { readonly onMissing?: (shards: readonly number[]) => void },
  ): AsyncIterable<Row>;
}

/** Defines a query; the result asks it, checks its parameters and each row. */
export function defineQuery<Params extends Check, Row extends Check>(
  definition: QueryDefinition<Params, Row>,
): NamedQuery<Input<Params>, Output<Row>> {
  const { merge } = definition;
  const check = (row: unknown): Output<Row> => definition.row.parse(row) as Output<Row>;
  const stream: NamedQuery<Input<Params>, Output<Row>>['stream'] = async function* streamQuery(
    store,
    params,
    options = {},
  ) {
    const text = textOf(definition, definition.params.parse(params) as Output<Params>);
    if (merge === undefined) {
      const { answer, missingShards } = await askAll(store, text, options);
      if (missingShards.length > 0) options.onMissing?.(missingShards);
      for await (const rows of answer) for (const row of rows) yield check(row);
      return;
    }
    const { answers, missingShards } = await askShards(store, text, options);
    if (missingShards.length > 0) options.onMissing?.(missingShards);
    yield* mergeRows(
      answers.map(({ answer }) => checkedRows(answer, check)),
      merge,
    );
  };
  const query = async (
    store: Store,
    params: Input<Params>,
    options: QueryOptions = {},
  ): Promise<QueryAnswer<Output<Row>>> => {
    let missingShards: readonly number[] = [];
    const onMissing = (shards: readonly number[]): void => {
      missingShards = shards;
    };
    const rows: Output<Row>[] = [];
    for await (const row of stream(store, params, { ...options, onMissing })) rows.push(row);
    return { rows, missingShards };
  };
  return Object.assign(query, { stream });
}

async function* checkedRows<Row>(
  answer: Answer,
  check: (row: unknown) => Row,
): AsyncGenerator<readonly Row[]> {
  for await (const rows of answer) yield rows.map(check);
}

function textOf<Params extends Check>(
  { name, sql, settings, stopsEarly = false }: QueryDefinition<Params, Check>,
  params: Output<Params>,
): QueryText {
  return {
    ...{ name, settings, stopsEarly, params: params as QueryText['params'] },
    sql: typeof sql === 'string' ? sql : sql(params),
  };
}
