import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { BACKFILL_HEADER } from '../../engine/model/limit.js';
import type { Queue, QueueRecord } from '../../engine/model/queue.js';
import { openQueue } from '../../engine/queue/open-queue.js';
import { runAtbd } from '../_cli/testing/run-atbd.js';
import type { GenReport } from './_events/gen-report.js';

const BIN = fileURLToPath(new URL('../../../bin/run.js', import.meta.url));

/** A run whose time does not depend on when the test runs. */
const FIXED = ['--from', '2026-11-01T18:00:00Z', '--duration', '20s', '--rate', '200'];

/** A live run that nobody waits for; so few events that a batch is not full before the test has failed. */
const ENDLESS = ['--rate', '40', '--duration', '10h'];

const POLL_MS = 20;

let dir: string;
let env: Readonly<Record<string, string>>;
let queue: Queue;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'atbd-gen-events-'));
  const path = join(dir, 'queue');
  // The store is named because a context has one; nothing listens there, and nobody may ask.
  const store = { kind: 'clickhouse', shards: ['http://127.0.0.1:9'], username: 'u' };
  const contexts = { test: { queue: { kind: 'embedded', path }, store } };
  const config = join(dir, 'config.yaml');
  await writeFile(config, stringify({ current: 'test', contexts }), { mode: 0o600 });
  env = { ATBD_CONFIG: config, ATBD_HOME: join(dir, 'home') };
  queue = await openQueue({ kind: 'embedded', path });
});

afterAll(async () => {
  await queue[Symbol.asyncDispose]();
  await rm(dir, { recursive: true, force: true });
});

const gen = (...args: string[]) => runAtbd(['gen', 'events', ...args], { env });

const linesOf = (text: string): string[] => text.split('\n').filter((line) => line !== '');

async function readLines(path: string): Promise<string[]> {
  return linesOf(await readFile(path, 'utf8'));
}

/** All that a topic holds now. */
async function recordsOf(topic: string): Promise<QueueRecord[]> {
  const { partitions } = await queue.describeTopic(topic);
  const records: QueueRecord[] = [];
  const batches = queue.read({
    topic,
    fromOffsets: new Map(partitions.map(({ partition, start }) => [partition, start])),
    untilOffsets: new Map(partitions.map(({ partition, end }) => [partition, end])),
    signal: new AbortController().signal,
  });
  for await (const batch of batches) records.push(...batch.records);
  return records;
}

async function countOf(topic: string): Promise<number> {
  if (!(await queue.listTopics()).includes(topic)) return 0;
  const { partitions } = await queue.describeTopic(topic);
  return partitions.reduce((sum, { start, end }) => sum + Number(end - start), 0);
}

/** A command under way, with what it has said on stderr. */
function start(...args: string[]): {
  child: ChildProcess;
  ended: Promise<[number, string, string]>;
} {
  const child = spawn(process.execPath, [BIN, 'gen', 'events', ...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk: Buffer) => (said.stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (said.stderr += chunk.toString()));
  const ended = once(child, 'close').then(([code]): [number, string, string] => [
    code as number,
    said.stdout,
    said.stderr,
  ]);
  return { child, ended };
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await new Promise((resolve) => setTimeout(resolve, POLL_MS));
}

describe('atbd gen events', () => {
  it('explains itself', async () => {
    const { stdout, code } = await runAtbd(['gen', 'events', '--help'], {
      env: { COLUMNS: '100' },
    });
    expect(stdout).toMatchSnapshot();
    expect(code).toBe(0);
  });

  it('writes the same events twice to standard output, and what it did to stderr', async () => {
    const args = [...FIXED, '--to', 'stdout', '--seed', '7'];
    const [one, two] = [await gen(...args), await gen(...args)];
    const lines = linesOf(one.stdout);
    expect(one.stdout).toBe(two.stdout);
    expect(one.code).toBe(0);
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({
      ts: expect.stringMatching(/^2026-11-01T18:00:00\.\d{6}Z$/u) as string,
    });
    const count = lines.length.toLocaleString('en-US');
    expect(one.stderr).toMatch(
      new RegExp(
        `^Sent ${count} events to standard output in [\\d.]+ s \\([\\d,]+/s\\), seed 7\\.\n`,
        'u',
      ),
    );
    expect(one.stderr).toMatch(
      /\n {2}[\d,]+ visits, [\d,]+ actions\n {2}orders paid at once \d+, /u,
    );
  });

  it('writes a file, reports as JSON, and replaces the file only with --yes', async () => {
    const path = join(dir, 'events.ndjson');
    const { code, stdout, stderr } = await gen(...FIXED, '--output', path, '--json');
    const lines = await readLines(path);
    const report = JSON.parse(stdout) as GenReport;
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(report).toMatchObject({
      to: `file ${path}`,
      seed: 1,
      from: '2026-11-01T18:00:00.000Z',
      until: '2026-11-01T18:00:20.000Z',
      sentCount: lines.length,
      isComplete: true,
      truth: { sent: { total: lines.length, duplicated: 0 } },
    });

    const refused = await gen(...FIXED, '--output', path);
    expect(refused.code).toBe(9);
    expect(refused.stderr).toContain(`cannot write to ${path}: it exists`);
    expect(await readLines(path)).toEqual(lines);
    expect((await gen(...FIXED, '--output', path, '--yes', '--seed', '2')).code).toBe(0);
    expect(await readLines(path)).not.toEqual(lines);
  });

  it('sends a backfill to the queue, each record under its key and marked as old', async () => {
    const { code, stdout } = await gen(...FIXED, '--topic', 'old', '--json');
    const report = JSON.parse(stdout) as GenReport;
    const records = await recordsOf('old');
    expect({ code, to: report.to }).toEqual({ code: 0, to: 'topic old' });
    expect(records).toHaveLength(report.sentCount);
    for (const { key, value, headers } of records) {
      const { op_id: opId } = JSON.parse(value?.toString() ?? '') as { op_id?: string };
      // What a container or a machine says of itself belongs to no action: it keeps its order by who says it.
      expect(key?.toString()).toEqual(opId ?? expect.stringMatching(/^metric-./u));
      expect(headers).toEqual({ [BACKFILL_HEADER]: '1' });
    }
  });

  it('writes the truth beside the data: a fact a line, totals last', async () => {
    const [path, truth] = [join(dir, 'broken.ndjson'), join(dir, 'truth.ndjson')];
    const faults = ['--fault', 'poison:share=5%', '--fault', 'refund-ring:users=3,every=4s'];
    const { code } = await gen(...FIXED, ...faults, '--output', path, '--truth', truth);
    const facts = (await readLines(truth)).map((line) => JSON.parse(line) as { kind: string });
    const totals = facts.at(-1) as unknown as GenReport['truth'] & { guilty: unknown[] };
    expect(code).toBe(0);
    expect(new Set(facts.map(({ kind }) => kind))).toEqual(
      new Set(['action', 'session', 'chain', 'totals']),
    );
    expect(totals).toMatchObject({ kind: 'totals', isComplete: true });
    expect(totals.guilty).toHaveLength(3);
    expect(facts.filter(({ kind }) => kind === 'action')).toHaveLength(totals.actionCount);
    expect(totals.sent.total).toBe((await readFile(path, 'latin1')).split('\n').length - 1);
    expect(Object.keys(totals.sent.poison)).toEqual(['invalid_json', 'not_an_object']);
  });

  it('does in three processes what it does in one', async () => {
    const paths = ['1/1', '1/3', '2/3', '3/3'].map((share) => ({
      share,
      path: join(dir, `share-${share.replace('/', '-')}.ndjson`),
    }));
    const [whole = [], ...parts] = await Promise.all(
      paths.map(async ({ share, path }) => {
        await gen(...FIXED, '--share', share, '--output', path, '--truth', `${path}.truth`);
        return readLines(path);
      }),
    );
    const truths = await Promise.all(paths.map(({ path }) => readFile(`${path}.truth`, 'utf8')));
    expect(new Set(truths).size).toBe(1);
    expect(parts.every((part) => part.length > 0)).toBe(true);
    expect(parts.flat().toSorted().join('\n')).toBe(whole.toSorted().join('\n'));
  });

  it('brings live events to the queue at once, and says at Ctrl-C what it has sent', async () => {
    const { child, ended } = start(...ENDLESS, '--topic', 'live', '--truth', join(dir, 'cut'));
    await until(async () => (await countOf('live')) > 0);
    expect(child.exitCode).toBeNull();
    child.kill('SIGINT');
    const [code, stdout, stderr] = await ended;
    const sent = (await countOf('live')).toLocaleString('en-US');
    expect({ code, stdout }).toEqual({ code: 130, stdout: '' });
    expect(stderr).toMatch(
      new RegExp(
        `^Sent ${sent} events to topic live in [\\d.]+ s .*, seed 1\\.\nStopped before the end, at \\d{4}-.*Z of the simulated time\\.\n$`,
        'u',
      ),
    );
    const last = (await readLines(join(dir, 'cut'))).at(-1) ?? '';
    expect(JSON.parse(last)).toMatchObject({ kind: 'totals', isComplete: false });
  });

  it('says at Ctrl-C as JSON, too, what it has sent', async () => {
    const { child, ended } = start(...ENDLESS, '--topic', 'live-json', '--json');
    await until(async () => (await countOf('live-json')) > 0);
    child.kill('SIGINT');
    const [code, stdout, stderr] = await ended;
    expect({ code, stderr }).toEqual({ code: 130, stderr: '' });
    expect(JSON.parse(stdout)).toMatchObject({
      sentCount: await countOf('live-json'),
      isComplete: false,
      truth: null,
    });
  });

  it('ends quietly when nobody reads on', async () => {
    const { code, stderr } = await runAtbd(
      ['gen', 'events', '--to', 'stdout', '--duration', '10m'],
      { env, closeStdout: true },
    );
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });

  it('needs a queue to send to', async () => {
    const { code, stderr } = await runAtbd(['gen', 'events'], {
      env: { ATBD_HOME: join(dir, 'nothing'), ATBD_CONFIG: join(dir, 'none.yaml') },
    });
    expect(code).toBe(6);
    expect(stderr).toContain('STACK_NOT_RUNNING');
  });

  it('does not mix its report with the events', async () => {
    const { code, stdout, stderr } = await gen('--to', 'stdout', '--json');
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(JSON.parse(stderr)).toMatchObject({
      error: {
        code: 'USAGE_INVALID',
        message: 'cannot print the report as JSON: the events themselves go to standard output',
        hint: 'Add --output FILE instead of --to stdout; events are JSON without --json.',
      },
    });
  });

  it.each([
    [['--to', 'file'], 'cannot write to a file without its name'],
    [['--to', 'stdout', '--output', 'x'], 'cannot take --output with this --to'],
    [['--to', 'moon'], 'cannot read --to "moon": it is neither a place nor a time'],
    [['--to', 'now'], 'cannot use an end in --to without --from'],
    [
      ['--from', '-1h', '--to', 'now', '--duration', '5m'],
      'cannot take both --duration and an end in --to',
    ],
    [['--from', 'now', '--to', 'now-1h'], 'cannot simulate a time that ends before it begins'],
    [['--from', '-500d'], 'cannot simulate more than 400 days'],
    [['--duration', 'long'], 'cannot read --duration "long": it is not a duration'],
    [['--share', '3/2'], 'cannot read --share "3/2"'],
    [['--speed', '0x'], 'cannot read --speed "0x"'],
    [['--rate', '0'], 'cannot use --rate 0: it is not between 1 and 1000000 events a second'],
    [['--fault', 'moon'], 'cannot use --fault "moon": there is no such kind of fault'],
    [['--output', '/nowhere/x.ndjson'], 'cannot write to /nowhere/x.ndjson'],
  ])('refuses %j', async (args, message) => {
    const { code, stdout, stderr } = await gen(...args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr.split('\n')[0]).toBe(`Error: ${message}`);
  });
});
