import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRandom } from '../../engine/model/random.js';
import { writeEvents } from '../../store/testing/write-events.js';
import { runAtbd, type Ran } from '../_cli/testing/run-atbd.js';
import { startTestContext, type TestContext } from '../_cli/testing/test-context.js';

const START_MS = Date.UTC(2026, 10, 20, 10);
const SHARD_COUNT = 2;
const LINE_COUNT = 400;

/** A container that two services write to, the same name in another pod, a pod alone, and services of a host. */
const SOURCES = [
  { host: 'h1', pod: 'p1', container: 'c1', service: 'order' },
  { host: 'h1', pod: 'p1', container: 'c1', service: 'sidecar' },
  { host: 'h1', pod: 'p2', container: 'c1', service: 'order' },
  { host: 'h2', pod: 'p3', service: 'payment' },
  { host: 'h2', service: 'gateway' },
  { host: 'h2', service: "it's" },
];

/** What an event's nearest place is called, in the words of the help. */
function sourceOf({ host, pod, container, service }: (typeof SOURCES)[number]): string {
  if (container !== undefined) return `container ${container} of ${pod}`;
  return pod === undefined ? `service ${service} on ${host}` : `pod ${pod}`;
}

interface Line {
  readonly ms: number;
  readonly shard: number;
  readonly source: (typeof SOURCES)[number];
  readonly message: string;
  readonly isMetric: boolean;
}

/** Lines of chance: some at the same moment, some minutes apart, some beyond the reach of any context. */
function makeLines(): Line[] {
  const random = createRandom(11);
  let ms = START_MS;
  return Array.from({ length: LINE_COUNT }, (_, index) => {
    const gaps = [0, 0, 1, 900, 20_000, 400_000];
    ms += index === LINE_COUNT - 20 ? 5 * 3_600_000 : gaps[random.integerBelow(gaps.length)]!;
    const isHit = random.integerBelow(12) === 0;
    return {
      ms,
      shard: random.integerBelow(SHARD_COUNT),
      source: SOURCES[random.integerBelow(SOURCES.length)]!,
      message: `${isHit ? 'hit' : 'line'} ${index}`,
      isMetric: !isHit && random.integerBelow(10) === 0,
    };
  });
}

let context: TestContext;
let ordered: Line[];
beforeAll(async () => {
  context = await startTestContext({ queue: { kind: 'embedded' }, shardCount: SHARD_COUNT });
  const lines = makeLines();
  for (const shard of [0, 1]) {
    const events = lines
      .filter((line) => line.shard === shard)
      .map(({ ms, source, message, isMetric }) => ({
        ...source,
        ts: new Date(ms).toISOString(),
        message,
        ...(isMetric && { kind: 'metric', type: 'metric', metric: 'm', value: 1, unit: '1' }),
      }));
    await writeEvents(context.testStore.store, events, {
      topic: 'events',
      shard,
      partition: shard,
    });
  }
  // By time, then by partition, then by offset: within a partition they are written in their order.
  ordered = lines.toSorted((a, b) => a.ms - b.ms || a.shard - b.shard);
});
afterAll(() => context[Symbol.asyncDispose]());

function logs(...args: readonly string[]): Promise<Ran> {
  const day = ['--from', '2026-11-20', '--to', '2026-11-23'];
  return runAtbd(['query', 'logs', ...day, ...args], {
    env: { ...context.env, ATBD_TZ: 'UTC', COLUMNS: '80' },
  });
}

/** The lines of one source, as they follow one another. */
function linesLike(message: string): string[] {
  const like = ordered.find((line) => line.message === message);
  if (like === undefined) throw new Error(`no line ${message}`);
  return ordered
    .filter((line) => sourceOf(line.source) === sourceOf(like.source) && !line.isMetric)
    .map((line) => line.message);
}

/** What grep would show of the lines of each source by itself; of what is near enough. Times in between do not come. */
function grep(before: number, after: number): string[] {
  const shown = new Set<string>();
  for (const hit of ordered.filter(({ message }) => message.startsWith('hit'))) {
    const own = linesLike(hit.message);
    const at = own.indexOf(hit.message);
    for (const message of own.slice(Math.max(0, at - before), at + after + 1)) {
      const line = ordered.find((each) => each.message === message);
      if (line !== undefined && Math.abs(line.ms - hit.ms) <= 7_200_000) shown.add(message);
    }
  }
  return [...shown].toSorted();
}

interface Answer {
  readonly groups: readonly {
    readonly isHit: boolean;
    readonly event: { readonly message: string };
  }[][];
  readonly next: string | null;
}

describe('context', () => {
  it.each([
    [['-C', '2'], 2, 2],
    [['-B', '3'], 3, 0],
    [['-A', '1'], 0, 1],
    [['-A', '5', '-C', '1'], 1, 5],
  ])('%j is what grep shows of each container by itself', async (flags, before, after) => {
    const { stdout, code } = await logs('hit', '--json', '--fields', 'message', ...flags);
    const { groups } = JSON.parse(stdout) as Answer;
    const shown = groups.map((group) => group.map(({ event }) => event.message));
    expect(shown.flat().toSorted()).toEqual(grep(before, after));
    for (const group of shown) {
      const own = linesLike(group[0] ?? '');
      const from = own.indexOf(group[0] ?? '');
      expect(group).toEqual(own.slice(from, from + group.length));
      expect(group.some((message) => message.startsWith('hit'))).toBe(true);
    }
    for (const { isHit, event } of groups.flat()) {
      expect(isHit).toBe(event.message.startsWith('hit'));
      expect(Object.keys(event)).toEqual(['message']);
    }
    expect(code).toBe(0);
  });

  it('marks what was found, and parts the groups', async () => {
    const { stdout, stderr } = await logs('hit', '-C', '1', '--limit', '3');
    expect(stdout).toMatchSnapshot();
    expect(stderr).toMatch(/^There is more/u);
    for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
  });

  it.each(['raw', 'ndjson', 'csv'])('has a form in %s', async (format) => {
    const fields = format === 'raw' ? [] : ['--fields', 'message'];
    const { stdout } = await logs('hit', '-B', '1', '--limit', '2', '-o', format, ...fields);
    expect(stdout).toMatchSnapshot();
  });

  it('goes on page by page: each event once as found', async () => {
    const found: string[] = [];
    let after: string[] = [];
    for (;;) {
      const { stdout } = await logs('hit', '-C', '1', '--json', '--limit', '15', ...after);
      const { groups, next } = JSON.parse(stdout) as Answer;
      const hits = groups.flat().filter(({ isHit }) => isHit);
      found.push(...hits.map(({ event }) => event.message));
      if (next === null) break;
      after = ['--after', next];
    }
    const hits = ordered.map(({ message }) => message).filter((text) => text.startsWith('hit'));
    expect(found.toSorted()).toEqual(hits.toSorted());
  });

  it('of too much is refused with exit code 2, and nothing has none', async () => {
    const { code, stderr } = await logs('hit', '-C', '100');
    expect(stderr).toContain(
      'cannot show 201 lines for each of 100 events: at most 20000 together',
    );
    expect(code).toBe(2);
    const both = await logs('hit', '-C', '1', '--histogram');
    expect(both.stderr).toContain('cannot take -A, -B or -C with --histogram');
    expect(both.code).toBe(2);
    expect(await logs('nosuchword', '-C', '1')).toEqual({
      code: 0,
      stdout: '',
      stderr: 'Nothing found.\n',
    });
  });
});
