import { AtbdError } from '../../engine/model/error.js';
import { MATCH_ALL, type Filter } from '../../engine/model/filter.js';
import {
  TIME_COLUMN,
  type Answer,
  type AnswerRange,
  type AnswerRow,
  type AnswerSource,
  type Buckets,
} from '../../engine/model/question/answer.js';
import type { ResourceDimension, ResourceSample } from '../../engine/model/question/resources.js';
import type { QueryOptions } from '../clickhouse/define-query.js';
import type { Store } from '../clickhouse/store.js';
import type { Metric } from './metric.js';
import { readFigures } from './read-figures.js';
import { activeUsers, requests, resourceLoad } from './resource-metrics.js';

/** A question for load beside what made it. */
export interface ResourcesQuestion {
  readonly range: AnswerRange;
  readonly buckets: Buckets;
  readonly by: ResourceDimension;
  /** Whose load is asked for; users and requests are those of the same names. */
  readonly filter: Filter;
}

/** Load, and users of the whole shop by start of the interval. */
export interface ResourceSamples {
  /** By time, then name; none for an interval in which nothing was reported. */
  readonly samples: readonly ResourceSample[];
  readonly shopUsers: ReadonlyMap<bigint, number>;
  readonly source: AnswerSource;
  readonly missingShards: readonly number[];
}

/** Machines times intervals: more nobody compares, and each is held in memory. */
const SAMPLES_MAX = 200_000;

export async function readResources(
  store: Store,
  question: ResourcesQuestion,
  options: QueryOptions,
): Promise<ResourceSamples> {
  const { range, buckets, by, filter } = question;
  const named: Filter = { kind: 'exists', field: { kind: 'field', name: by } };
  const ask = (metric: Metric, which: Filter, split: readonly ResourceDimension[]) =>
    readFigures(
      store,
      { metric, range, buckets, by: split, filter: which, limit: SAMPLES_MAX },
      options,
    );
  const [load, users, served, shop] = await Promise.all([
    ask(resourceLoad(by), filter, [by]),
    ask(activeUsers, named, [by]),
    ask(requests, named, [by]),
    ask(activeUsers, MATCH_ALL, []),
  ]);
  if (load.rows.length >= SAMPLES_MAX) throw tooMany(by);
  const usersOf = countsBy(users, by, 'users');
  const requestsOf = countsBy(served, by, 'requests');
  const answers = [load, users, served, shop];
  const missing = new Set(answers.flatMap(({ missingShards }) => missingShards));
  return {
    samples: load.rows.map((row) => sampleOf(row, by, { usersOf, requestsOf })),
    shopUsers: new Map(
      shop.rows.map((row) => [row[TIME_COLUMN.name] as bigint, row['users'] as number]),
    ),
    source: answers.every(({ source }) => source === 'rollups') ? 'rollups' : 'events',
    missingShards: [...missing].toSorted((a, b) => a - b),
  };
}

function tooMany(by: ResourceDimension): AtbdError {
  return new AtbdError({
    code: 'USAGE_INVALID',
    message: `cannot compare more than ${SAMPLES_MAX} intervals of every ${by}`,
    hint: 'Choose a longer --every, a shorter time, or fewer of them: --node, --service …',
  });
}

type Counts = ReadonlyMap<string, number>;

function countsBy({ rows }: Answer, by: ResourceDimension, count: string): Counts {
  return new Map(rows.map((row) => [keyOf(row, by), row[count] as number]));
}

function keyOf(row: AnswerRow, by: ResourceDimension): string {
  return `${row[TIME_COLUMN.name] as bigint} ${row[by] as string}`;
}

function sampleOf(
  row: AnswerRow,
  by: ResourceDimension,
  { usersOf, requestsOf }: { readonly usersOf: Counts; readonly requestsOf: Counts },
): ResourceSample {
  const key = keyOf(row, by);
  const number = (name: string): number | null => row[name] as number | null;
  return {
    timeNs: row[TIME_COLUMN.name] as bigint,
    name: row[by] as string,
    cpu: number('cpu'),
    cpuMax: number('cpu_max'),
    cpuSum: number('cpu_sum'),
    memoryBytes: number('memory'),
    memoryBytesMax: number('memory_max'),
    users: usersOf.get(key) ?? 0,
    requests: requestsOf.get(key) ?? 0,
  };
}
