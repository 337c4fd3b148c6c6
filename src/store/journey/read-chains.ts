import type {
  Answer,
  AnswerColumn,
  AnswerRow,
  AnswerShape,
} from '../../engine/model/question/answer.js';
import { AS_OF_FACTS, asOfFact } from '../../engine/model/question/as-of.js';
import { CHAIN_OUTCOMES, type ChainOutcome } from '../../engine/model/question/chain-outcome.js';
import type { QueryOptions } from '../clickhouse/define-query.js';
import type { Store } from '../clickhouse/store.js';
import { decodeCell } from '../metric/decode-cell.js';
import { notesOf } from '../metric/read-figures.js';
import { SqlParams } from '../query/sql-params.js';
import { askRows, type Row } from '../query/ask-rows.js';
import { ATTEMPT, chainsSql, type ChainsAsked } from './chain-sql.js';
import { noteUnlinked, withReadingEnd, type ChainsQuestion } from './chains-asked.js';

/** A question for chains one by one. */
export interface ChainListQuestion extends ChainsQuestion {
  readonly outcomes: readonly ChainOutcome[];
}

/** A cell out of the rows of `chainsSql`. */
interface ChainCell {
  readonly column: AnswerColumn;
  readonly sql: string;
}

const CELLS: readonly ChainCell[] = [
  { column: { name: 'order_id', kind: 'text', summary: 'The order.' }, sql: 'order_id' },
  { column: { name: 'began', kind: 'time', summary: 'Its first attempt.' }, sql: 'began' },
  {
    column: {
      name: 'outcome',
      kind: 'text',
      summary: 'ok_first, recovered, failed, abandoned or open.',
    },
    sql: 'outcome',
  },
  {
    column: {
      name: 'provider',
      kind: 'text',
      summary: 'The provider of the attempt that decided, else of the last one.',
    },
    sql: 'by0',
  },
  {
    column: { name: 'statuses', kind: 'text', summary: 'How the attempts ended, in their order.' },
    sql: `arrayMap(attempt -> attempt.${ATTEMPT.status}, tries)`,
  },
  {
    column: {
      name: 'took',
      kind: 'duration',
      summary:
        'From the first attempt to the payment; of one that is not paid to the last attempt.',
    },
    sql: `if(outcome IN ('ok_first', 'recovered'), recovery_ns, ended - began) / 1e6`,
  },
  {
    column: { name: 'attempts', kind: 'number', isDetail: true, summary: 'Attempts, each once.' },
    sql: 'length(tries)',
  },
  {
    column: { name: 'amount', kind: 'money', isDetail: true, summary: 'What is to be paid.' },
    sql: `CAST(if(amount IS NULL, map(), map(currency, toString(amount))), 'Map(String, String)')`,
  },
  {
    column: { name: 'user_id', kind: 'text', isDetail: true, summary: 'Whose order it is.' },
    sql: 'user_id',
  },
  {
    column: {
      name: 'op_ids',
      kind: 'list',
      isDetail: true,
      summary: 'The actions of the attempts, for `atbd query trace`.',
    },
    sql: `arrayDistinct(arrayMap(attempt -> attempt.${ATTEMPT.opId}, tries))`,
  },
];

/** What `readChains` answers. */
export const CHAINS_SHAPE: AnswerShape = {
  columns: CELLS.map(({ column }) => column),
  facts: AS_OF_FACTS,
};

/** Chains of attempts one by one, worst first: those that failed, are open, took longest. */
export async function readChains(
  store: Store,
  question: ChainListQuestion,
  options: QueryOptions,
): Promise<Answer> {
  const { range, limit, asOf } = question;
  const asked = await withReadingEnd(store, { ...question, by: ['provider'] }, options);
  const [{ rows: found, missingShards }, notes] = await Promise.all([
    askRows(store, chainListQuery(asked), options),
    noteUnlinked(store, question, options),
  ]);
  return {
    question: 'retries',
    range,
    columns: CHAINS_SHAPE.columns,
    rows: found.slice(0, limit).map(decodeRow),
    intervalsNs: [],
    facts: [asOfFact(asOf)],
    notes: [...notes, ...notesOf(found.length, limit)],
    source: 'events',
    missingShards,
  };
}

function chainListQuery(asked: ChainListQuestion & ChainsAsked) {
  const params = new SqlParams();
  const chains = chainsSql(asked, params);
  const sql = `
    SELECT ${CELLS.map((cell, index) => `${cell.sql} AS c${index}`).join(', ')}
    FROM (${chains})
    WHERE is_wanted AND outcome IN ${params.add('Array(String)', asked.outcomes)}
    ORDER BY
      indexOf(${params.add('Array(String)', CHAIN_OUTCOMES)}, outcome),
      if(outcome IN ('ok_first', 'recovered'), recovery_ns, ended - began) DESC,
      length(tries) DESC, order_id, began
    LIMIT ${params.add('UInt32', asked.limit + 1)}`;
  return { name: 'retry_chains', sql, params };
}

function decodeRow(row: Row): AnswerRow {
  const cells = CELLS.map(({ column: { name, kind } }, index) => {
    const value = row[`c${index}`];
    if (name === 'statuses') return [name, foldStatuses(value as readonly string[])] as const;
    return [name, decodeCell(kind, value)] as const;
  });
  return Object.fromEntries(cells);
}

/** `failed, failed, timeout, ok` as `failed ×2, timeout, ok`. */
function foldStatuses(statuses: readonly string[]): string {
  const runs: { readonly status: string; count: number }[] = [];
  for (const status of statuses) {
    const last = runs.at(-1);
    if (last?.status === status) last.count += 1;
    else runs.push({ status, count: 1 });
  }
  return runs.map(({ status, count }) => (count === 1 ? status : `${status} ×${count}`)).join(', ');
}
