import { groupBy } from '../anomaly/group-by.js';
import { median } from '../anomaly/robust.js';
import {
  factsWith,
  TIME_COLUMN,
  type Answer,
  type AnswerColumn,
  type AnswerFact,
  type AnswerRange,
  type AnswerRow,
  type AnswerShape,
  type AnswerSource,
  type Buckets,
} from '../model/question/answer.js';
import type { ResourceDimension, ResourceSample } from '../model/question/resources.js';
import { judgeLoad, POINTS_MIN, type LoadVerdict } from './judge-load.js';
import { correlation } from './robust-line.js';

/** What is known of load and users, and how it was asked. */
export interface ResourcesKnown {
  readonly range: AnswerRange;
  readonly buckets: Buckets;
  readonly by: ResourceDimension;
  /** Cores of each node, pod or container. */
  readonly cores: number;
  readonly limit: number;
  /** Intervals that end later are not over; null: event time has not begun. */
  readonly watermarkNs: bigint | null;
  readonly samples: readonly ResourceSample[];
  /** Different users of the whole shop, by start of the interval. */
  readonly shopUsers: ReadonlyMap<bigint, number>;
  readonly source: AnswerSource;
  readonly missingShards: readonly number[];
}

const NS_PER_MS = 1_000_000n;

/** Less of a processor than this nobody looks into. */
const CPU_LEAST = 0.1;

/** Nor less memory than this share of what is usual. */
const MEMORY_LEAST = 0.1;

/** Load of each machine or container beside its users, interval by interval, and where users do not explain it. */
export function resourcesAnswer(known: ResourcesKnown): Answer {
  const { range, buckets, by, limit, source, missingShards } = known;
  const isFromShop = known.samples.every(({ users }) => users === 0);
  const samples = isFromShop ? withShopUsers(known) : known.samples;
  const judged = judge(samples, wholeIntervals(known));
  const rows = judged.map((each) => rowOf(each, known));
  return {
    question: 'resources',
    range,
    columns: columnsOf(by),
    rows: rows.slice(0, limit),
    intervalsNs: buckets.startsMs.map((ms) => BigInt(ms) * NS_PER_MS),
    facts: factsOf(judged, known),
    notes: notesOf(judged, { isFromShop, by, limit }),
    source,
    missingShards,
  };
}

/** Where events do not say from where they come, users of the whole shop are all there is. */
function withShopUsers({ samples, shopUsers }: ResourcesKnown): ResourceSample[] {
  return samples.map((sample) => ({ ...sample, users: shopUsers.get(sample.timeNs) ?? 0 }));
}

/** Starts of intervals that the range has whole and that are over: in a part of one there are fewer users, at the same load. */
function wholeIntervals({ range, buckets, watermarkNs }: ResourcesKnown): Set<bigint> {
  const starts = [...buckets.startsMs, buckets.endMs].map((ms) => BigInt(ms) * NS_PER_MS);
  const isWhole = (startNs: bigint, endNs: bigint): boolean =>
    startNs >= range.fromNs && endNs <= range.toNs && watermarkNs !== null && endNs <= watermarkNs;
  return new Set(
    starts.filter((startNs, at) => isWhole(startNs, starts[at + 1] ?? range.toNs + 1n)),
  );
}

interface JudgedSample extends ResourceSample {
  readonly isWhole: boolean;
  readonly cpuVerdict: LoadVerdict;
  readonly memoryVerdict: LoadVerdict;
}

/** Each name by its own line: machines differ. The order stays. */
function judge(samples: readonly ResourceSample[], whole: ReadonlySet<bigint>): JudgedSample[] {
  const byName = groupBy(samples, ({ name }) => name);
  const verdicts = new Map<ResourceSample, JudgedSample>();
  for (const own of byName.values()) {
    const points = (load: (sample: ResourceSample) => number | null) =>
      own.map((sample) => ({
        users: sample.users,
        load: whole.has(sample.timeNs) ? load(sample) : null,
      }));
    const cpu = judgeLoad(
      points((sample) => sample.cpu),
      () => CPU_LEAST,
    );
    const memory = judgeLoad(
      points((sample) => sample.memoryBytes),
      (loads) => MEMORY_LEAST * median(loads),
    );
    for (const [at, sample] of own.entries()) {
      verdicts.set(sample, {
        ...sample,
        isWhole: whole.has(sample.timeNs),
        cpuVerdict: cpu[at] ?? UNKNOWN,
        memoryVerdict: memory[at] ?? UNKNOWN,
      });
    }
  }
  return samples.flatMap((sample) => verdicts.get(sample) ?? []);
}

const UNKNOWN: LoadVerdict = { expected: null, isSuspicious: null };

function rowOf(sample: JudgedSample, { by, cores }: ResourcesKnown): AnswerRow {
  const { cpuVerdict, memoryVerdict } = sample;
  const busyCores = sample.cpuSum === null ? null : sample.cpuSum * cores;
  return {
    [TIME_COLUMN.name]: sample.timeNs,
    [by]: sample.name,
    cpu: sample.cpu,
    cpu_max: sample.cpuMax,
    memory: sample.memoryBytes,
    memory_max: sample.memoryBytesMax,
    users: sample.users,
    requests: sample.requests,
    users_per_core: busyCores === null || busyCores === 0 ? null : sample.users / busyCores,
    cpu_expected: cpuVerdict.expected,
    memory_expected: memoryVerdict.expected,
    suspicious: eitherOf(cpuVerdict.isSuspicious, memoryVerdict.isSuspicious),
  };
}

/** null only where neither is known. */
function eitherOf(one: boolean | null, other: boolean | null): boolean | null {
  if (one === null) return other;
  return one || other === true;
}

function factsOf(judged: readonly JudgedSample[], { shopUsers }: ResourcesKnown): AnswerFact[] {
  if (judged.length === 0) return [];
  const whole = judged.filter(({ isWhole, cpu }) => isWhole && cpu !== null);
  const points = [...groupBy(whole, ({ timeNs }) => timeNs)].map(([timeNs, own]) => ({
    x: shopUsers.get(timeNs) ?? 0,
    y: own.reduce((sum, { cpu }) => sum + (cpu ?? 0), 0) / own.length,
  }));
  const suspicious = judged.filter(
    ({ cpuVerdict, memoryVerdict }) =>
      eitherOf(cpuVerdict.isSuspicious, memoryVerdict.isSuspicious) === true,
  );
  return factsWith(RESOURCES_SHAPE.facts, {
    correlation: correlation(points),
    suspicious_count: suspicious.length,
  });
}

function notesOf(
  judged: readonly JudgedSample[],
  {
    isFromShop,
    by,
    limit,
  }: Pick<ResourcesKnown, 'by' | 'limit'> & { readonly isFromShop: boolean },
): string[] {
  const what = by === 'node' || by === 'host' ? 'system' : 'container';
  if (judged.length === 0) return [`No ${what}.* metric of that time names a ${by}.`];
  const notes: string[] = [];
  if (isFromShop)
    notes.push(`No event with a user names its ${by}: users are those of the whole shop.`);
  if (judged.every(({ cpuVerdict, memoryVerdict }) => isUnknown(cpuVerdict, memoryVerdict)))
    notes.push(`Fewer than ${POINTS_MIN} whole intervals do not tell what load users explain.`);
  if (judged.length > limit) notes.push(`Only the first ${limit} rows are shown (--limit).`);
  return notes;
}

function isUnknown(...verdicts: readonly LoadVerdict[]): boolean {
  return verdicts.every(({ expected }) => expected === null);
}

function columnsOf(by: ResourceDimension): AnswerColumn[] {
  const place: AnswerColumn = { name: by, kind: 'text', summary: `The event's ${by}.` };
  return [TIME_COLUMN, place, ...COLUMNS];
}

const COLUMNS: readonly AnswerColumn[] = [
  { name: 'cpu', kind: 'share', summary: 'Mean share of the processor that was in use.' },
  { name: 'cpu_max', kind: 'share', summary: 'Largest share reported.', isDetail: true },
  { name: 'memory', kind: 'bytes', summary: 'Mean memory in use.' },
  { name: 'memory_max', kind: 'bytes', summary: 'Most memory reported.', isDetail: true },
  {
    name: 'users',
    kind: 'count',
    summary: 'Different users with an event from there in the interval.',
    isLevel: true,
  },
  { name: 'requests', kind: 'count', summary: 'Requests answered there.', isDetail: true },
  { name: 'users_per_core', kind: 'number', summary: 'Users for each core that was in use.' },
  {
    name: 'cpu_expected',
    kind: 'share',
    summary: 'The share that so many users explain.',
    isDetail: true,
  },
  {
    name: 'memory_expected',
    kind: 'bytes',
    summary: 'The memory that so many users explain.',
    isDetail: true,
  },
  {
    name: 'suspicious',
    kind: 'truth',
    summary: 'Whether processor or memory are far above what users explain.',
  },
];

/** What `resourcesAnswer` answers. */
export const RESOURCES_SHAPE: AnswerShape = {
  columns: COLUMNS,
  facts: [
    {
      name: 'correlation',
      kind: 'number',
      summary:
        'Of mean load of the processors and users of the shop, over whole intervals (Pearson).',
    },
    { name: 'suspicious_count', kind: 'count', summary: 'Rows in which load grew without users.' },
  ],
};
