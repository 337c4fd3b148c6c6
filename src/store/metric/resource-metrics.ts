import type { Filter } from '../../engine/model/filter.js';
import type { ResourceDimension } from '../../engine/model/question/resources.js';
import type { SqlParams } from '../query/sql-params.js';
import { latency } from './metrics.js';
import type { Measure, Metric } from './metric.js';

const CPU = 'cpu.utilization';
const MEMORY = 'memory.usage';

/**
 * How busy machines or containers are. A machine is one thing, whoever reports on it: what is said of it is averaged. What
 * consists of containers (a pod, a service) is as busy as they are on average and takes as much memory as they do
 * together, each counted by its own mean, however often it reports.
 */
export function resourceLoad(by: ResourceDimension): Metric {
  const isMachine = by === 'node' || by === 'host';
  const what = isMachine ? 'system' : 'container';
  const part = isMachine
    ? `''`
    : `concat(node, '\\n', host, '\\n', service, '\\n', pod, '\\n', container)`;
  const names = [`${what}.${CPU}`, `${what}.${MEMORY}`] as const;
  const parts: Filter[] = [
    { kind: 'text', field: { kind: 'field', name: 'metric' }, values: names },
    { kind: 'exists', field: { kind: 'field', name: by } },
  ];
  return {
    name: 'resources',
    summary: 'How busy machines or containers are.',
    where: {
      kind: 'all',
      parts: [
        ...parts,
        { kind: 'text', field: { kind: 'field', name: 'kind' }, values: ['metric'] },
        { kind: 'exists', field: { kind: 'field', name: 'value' } },
      ],
    },
    whereInRollup: { kind: 'all', parts },
    rollup: 'metrics_1m',
    measures: loadMeasures({ part, cpu: names[0], memory: names[1] }),
  };
}

interface LoadParts {
  /** What is told apart within one name, as text. */
  readonly part: string;
  /** Names of the metrics. */
  readonly cpu: string;
  readonly memory: string;
}

function loadMeasures({ part, cpu, memory }: LoadParts): Measure[] {
  const meansOf = (metric: string) => (means: (values: string) => string) => ({
    fromEvents: (params: SqlParams) =>
      means(partMeans(part, params.add('String', metric), EVENT_VALUES)),
    fromRollup: (params: SqlParams) =>
      means(partMeans(part, params.add('String', metric), ROLLUP_VALUES)),
  });
  const cpuMeans = meansOf(cpu);
  return [
    {
      name: 'cpu',
      kind: 'share',
      summary: 'Mean share of the processor that was in use.',
      ...cpuMeans((values) => nullIfEmpty(values, `round(arrayAvg(${values}), 9)`)),
    },
    {
      name: 'cpu_max',
      kind: 'share',
      summary: 'Largest share that was reported.',
      fromEvents: (params) => `maxOrNullIf(value, metric = ${params.add('String', cpu)})`,
      fromRollup: (params) => `maxOrNullIf(max, metric = ${params.add('String', cpu)})`,
    },
    {
      name: 'cpu_sum',
      kind: 'number',
      summary: 'Shares of all its parts together.',
      ...cpuMeans((values) => nullIfEmpty(values, `round(arraySum(${values}), 9)`)),
    },
    {
      name: 'memory',
      kind: 'bytes',
      summary: 'Mean memory in use.',
      ...meansOf(memory)((values) => nullIfEmpty(values, `round(arraySum(${values}))`)),
    },
    {
      name: 'memory_max',
      kind: 'bytes',
      summary: 'Most memory that was reported; the sum of it where there are several containers.',
      fromEvents: (params) => partsMax(part, 'assumeNotNull(value)', params.add('String', memory)),
      fromRollup: (params) => partsMax(part, 'max', params.add('String', memory)),
    },
  ];
}

interface ValueColumns {
  readonly sum: string;
  readonly count: string;
}

const EVENT_VALUES: ValueColumns = { sum: 'assumeNotNull(value)', count: 'toUInt64(1)' };
const ROLLUP_VALUES: ValueColumns = { sum: 'sum', count: 'count' };

/** An array of the mean of each part. Sums of binary fractions differ in their last digits by the order of arrival: rounded first. */
function partMeans(part: string, metric: string, { sum, count }: ValueColumns): string {
  const byPart = (column: string): string =>
    `mapValues(sumMapIf(map(${part}, ${column}), metric = ${metric}))`;
  return `arrayMap((total, times) -> round(total, 9) / times, ${byPart(sum)}, ${byPart(count)})`;
}

function partsMax(part: string, value: string, metric: string): string {
  const values = `mapValues(maxMapIf(map(${part}, ${value}), metric = ${metric}))`;
  return nullIfEmpty(values, `round(arraySum(${values}))`);
}

/** The sum of nothing is 0, and nothing is not known. */
function nullIfEmpty(values: string, sql: string): string {
  return `if(empty(${values}), NULL, ${sql})`;
}

/** Different users who did something. */
export const activeUsers: Metric = {
  name: 'active-users',
  summary: 'Different users who did something.',
  where: { kind: 'exists', field: { kind: 'field', name: 'user_id' } },
  whereInRollup: { kind: 'all', parts: [] },
  rollup: 'users_1m',
  measures: [
    {
      name: 'users',
      kind: 'count',
      summary: 'Different users who did something.',
      fromEvents: () => 'uniqExact(user_id)',
      fromRollup: () => 'uniqExactMerge(users)',
    },
  ],
};

/** Requests that were answered: what latency counts. */
export const requests: Metric = {
  ...latency,
  name: 'requests',
  summary: 'Requests that were answered.',
  measures: latency.measures
    .filter(({ name }) => name === 'count')
    .map((measure) => ({ ...measure, name: 'requests' })),
};
