import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { storyJsonSchema, storySchema } from './story.js';

const load = { duration: '10m', eventsPerSecond: 5 };
const valid = { title: 'A story', load, expect: [{ kind: 'ingest' }] };

/** Each mistake as `path: message`. */
function mistakesIn(story: unknown): string[] {
  const { error } = storySchema.safeParse(story);
  return (error?.issues ?? []).map(({ path, message }) => `${path.join('.')}: ${message}`);
}

describe('a story', () => {
  it('needs a title, a load and an expectation, and nothing else', () => {
    const story = storySchema.parse(valid);
    expect(story).toMatchObject({ seed: 1, clock: 'virtual', chaos: [] });
    expect(story.stack).toEqual({ shards: 3, queue: 'embedded' });
    expect(story.load).toMatchObject({ duration: 600_000, users: 500, diurnal: false });
    expect(story.expect[0]).toMatchObject({ kind: 'ingest', withinMs: 60_000 });
  });

  it.each([
    [{ ...valid, load: { ...load, duration: '10' } }, 'load.duration: must be a duration.'],
    [{ ...valid, load: { ...load, duration: '10y' } }, 'load.duration: must be a duration.'],
    [{ ...valid, load: { ...load, duration: '400d' } }, 'load.duration: must be at most 366d'],
    [{ ...valid, load: { ...load, duration: '0s' } }, 'load.duration: must be longer than nothing'],
    [
      { ...valid, load: { duration: '366d', eventsPerSecond: 1000 } },
      'load.eventsPerSecond: makes more than 20000000 events',
    ],
    [{ ...valid, clock: 'fast' }, 'clock: must be virtual or real'],
    [{ ...valid, expect: [] }, 'expect: must expect something'],
    [{ ...valid, expect: [{ kind: 'magic' }] }, 'expect.0.kind: must be traces, logs, counts'],
    [
      { ...valid, expect: [{ kind: 'freshness', p99: '2s' }] },
      'expect.0.kind: needs `clock: real`',
    ],
    [
      { ...valid, expect: [{ kind: 'logs', where: { level: 'loud' }, count: 1 }] },
      'expect.0.where: cannot read the level "loud"',
    ],
    [
      { ...valid, expect: [{ kind: 'logs', where: { words: 'failed' }, count: 'truth' }] },
      'expect.0.count: cannot be truth here',
    ],
    [
      { ...valid, chaos: [{ kind: 'kill-worker', at: '11m' }] },
      'chaos.0.at: lies after the end of the load',
    ],
    [
      { ...valid, chaos: [{ kind: 'stop-shard', at: '1m', for: '1s', shard: 3 }] },
      'chaos.0.shard: is not there: the stack has the shards 0 to 2',
    ],
  ])('is refused: %j', (story, mistake) => {
    expect(mistakesIn(story).join('\n')).toContain(mistake);
  });

  const services = { kind: 'services', duration: '10s', script: 'run.js', logs: ['a.log'] };
  const real = { ...valid, clock: 'real', load: services };

  it('may be about real services', () => {
    expect(storySchema.parse(real).load).toEqual({ ...services, duration: 10_000 });
  });

  it.each([
    [{ ...real, clock: 'virtual' }, 'clock: must be real: services live in real time'],
    [{ ...real, load: { ...services, duration: '2h' } }, 'load.duration: must be at most 1h'],
    [
      { ...real, load: { ...services, script: '../run.js' } },
      'load.script: must be a path below the folder',
    ],
    [
      { ...real, load: { ...services, logs: ['/var/log/syslog'] } },
      'load.logs.0: must be a path below the folder',
    ],
    [{ ...real, load: { ...services, logs: [] } }, 'load.logs: must name a log file'],
    [
      { ...real, load: { ...services, eventsPerSecond: 5 } },
      'load: Unrecognized key: "eventsPerSecond"',
    ],
    [{ ...real, load: { ...services, kind: 'pods' } }, 'load.kind: must be shop or services'],
    [
      { ...real, faults: [{ kind: 'late', at: '1s' }] },
      'faults.0.kind: is for the simulated shop: what goes wrong in real services is up to them',
    ],
  ])('of real services is refused: %j', (story, mistake) => {
    expect(mistakesIn(story).join('\n')).toContain(mistake);
  });

  it('takes no key that it does not know', () => {
    expect(mistakesIn({ ...valid, expects: [] })).toEqual([': Unrecognized key: "expects"']);
  });
});

describe('scenarios/scenario.schema.json', () => {
  it('is what `atbd scenario validate --schema` prints', () => {
    const path = new URL('../../../../scenarios/scenario.schema.json', import.meta.url);
    expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual(storyJsonSchema());
  });
});
