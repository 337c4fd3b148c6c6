import { describe, expect, it } from 'vitest';
import type { ResourceSample } from '../model/question/resources.js';
import { resourcesAnswer, type ResourcesKnown } from './resources-answer.js';

const MINUTE_MS = 60_000;
const START_MS = Date.UTC(2026, 10, 20, 10);
const ns = (minute: number): bigint => BigInt(START_MS + minute * MINUTE_MS) * 1_000_000n;

function sample(minute: number, more: Partial<ResourceSample> = {}): ResourceSample {
  const users = 100 + 10 * minute;
  return {
    timeNs: ns(minute),
    name: 'n1',
    cpu: users / 1000,
    cpuMax: users / 900,
    cpuSum: users / 1000,
    memoryBytes: 1_000_000,
    memoryBytesMax: 1_100_000,
    users,
    requests: 3 * users,
    ...more,
  };
}

function known(more: Partial<ResourcesKnown> = {}): ResourcesKnown {
  const minutes = Array.from({ length: 10 }, (_, minute) => minute);
  return {
    range: { fromNs: ns(0), toNs: ns(10) },
    buckets: {
      startsMs: minutes.map((minute) => START_MS + minute * MINUTE_MS),
      endMs: START_MS + 10 * MINUTE_MS,
      everyMs: MINUTE_MS,
    },
    by: 'node',
    cores: 1,
    limit: 100,
    watermarkNs: ns(11),
    samples: minutes.map((minute) => sample(minute)),
    shopUsers: new Map(minutes.map((minute) => [ns(minute), 500 + 50 * minute])),
    source: 'rollups',
    missingShards: [],
    ...more,
  };
}

const suspiciousOf = (answer: { readonly rows: readonly Readonly<Record<string, unknown>>[] }) =>
  answer.rows.map((row) => row['suspicious']);

const factsOf = ({ facts }: { readonly facts: readonly { name: string; value: unknown }[] }) =>
  Object.fromEntries(facts.map(({ name, value }) => [name, value]));

describe('the answer about resources', () => {
  it('has load beside users, and what they explain', () => {
    const { rows, notes } = resourcesAnswer(known());
    expect(rows[2]).toEqual({
      time: ns(2),
      node: 'n1',
      cpu: 0.12,
      cpu_max: 120 / 900,
      memory: 1_000_000,
      memory_max: 1_100_000,
      users: 120,
      requests: 360,
      users_per_core: 1000,
      cpu_expected: expect.closeTo(0.12, 9) as number,
      memory_expected: 1_000_000,
      suspicious: false,
    });
    expect(notes).toEqual([]);
  });

  it('divides users by all cores in use', () => {
    expect(resourcesAnswer(known({ cores: 4 })).rows[0]).toMatchObject({ users_per_core: 250 });
    const idle = known({ samples: [sample(0, { cpuSum: 0 }), sample(1, { cpuSum: null })] });
    expect(resourcesAnswer(idle).rows.map((row) => row['users_per_core'])).toEqual([null, null]);
  });

  it('correlates mean load with the users of the shop', () => {
    const { samples } = known();
    const two = samples.flatMap((one) => [one, { ...one, name: 'n2', cpu: 0.9 }]);
    expect(factsOf(resourcesAnswer(known({ samples: two })))['correlation']).toBeCloseTo(1, 9);
    const flat = samples.flatMap((one) => [one, { ...one, name: 'n2', cpu: 1 - (one.cpu ?? 0) }]);
    expect(factsOf(resourcesAnswer(known({ samples: flat })))['correlation']).toBe(null);
  });

  it.each([
    ['processor', { cpu: 0.8 }],
    ['memory', { memoryBytes: 2_000_000 }],
  ])('says where %s grew without users, for that machine alone', (_, change) => {
    const { samples } = known();
    const two = samples.flatMap((one, at) => [
      { ...one, ...(at === 4 ? change : {}) },
      { ...one, name: 'n2' },
    ]);
    const answer = resourcesAnswer(known({ samples: two }));
    expect(suspiciousOf(answer).flatMap((is, at) => (is === true ? [at] : []))).toEqual([8]);
    expect(factsOf(answer)['suspicious_count']).toBe(1);
  });

  it('does not judge an interval that is cut or not over', () => {
    const range = { fromNs: ns(0) + 1n, toNs: ns(10) };
    const cut = suspiciousOf(resourcesAnswer(known({ range })));
    expect(cut).toEqual([null, ...Array<boolean>(9).fill(false)]);
    const open = suspiciousOf(resourcesAnswer(known({ watermarkNs: ns(10) - 1n })));
    expect(open).toEqual([...Array<boolean>(9).fill(false), null]);
  });

  it('says when there is too little to judge by', () => {
    for (const few of [
      known({ watermarkNs: ns(7) }),
      known({ watermarkNs: null }),
      known({ samples: known().samples.slice(0, 7) }),
    ]) {
      const answer = resourcesAnswer(few);
      expect(new Set(suspiciousOf(answer))).toEqual(new Set([null]));
      expect(answer.notes).toEqual([
        'Fewer than 8 whole intervals do not tell what load users explain.',
      ]);
    }
  });

  it('takes users of the whole shop where events do not say from where they come', () => {
    const samples = known().samples.map((one) => ({ ...one, users: 0 }));
    const { rows, notes } = resourcesAnswer(known({ samples }));
    expect(rows[3]).toMatchObject({ users: 650 });
    expect(notes).toEqual([
      'No event with a user names its node: users are those of the whole shop.',
    ]);
  });

  it('judges by all rows, and shows as many as are wanted', () => {
    const answer = resourcesAnswer(known({ limit: 2 }));
    expect(suspiciousOf(answer)).toEqual([false, false]);
    expect(answer.notes).toEqual(['Only the first 2 rows are shown (--limit).']);
  });

  it.each([
    ['node', 'No system.* metric of that time names a node.'],
    ['pod', 'No container.* metric of that time names a pod.'],
  ] as const)('of no %s says what is missing', (by, note) => {
    const answer = resourcesAnswer(known({ by, samples: [] }));
    expect(answer).toMatchObject({ rows: [], facts: [], notes: [note] });
  });
});
