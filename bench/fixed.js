// What a chunk and a question cost the shards before any row counts: CPU-milliseconds by the shards' own query log.
// The fifth part with the lowest figures decides (the p20), so that what others do on the machine disturbs little.
// npm run bench -- fixed [chunks] [parts a shard]
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { ALL_FIELDS } from '../dist/engine/model/stored-event.js';
import { runOf } from '../dist/engine/model/record-run.js';
import { openStore } from '../dist/store/clickhouse/store.js';
import { readLogs } from '../dist/store/query/logs.js';
import { MATCH_ALL } from '../dist/engine/model/filter.js';
import { latency } from '../dist/store/metric/metrics.js';
import { readFigures } from '../dist/store/metric/read-figures.js';
import { readTrace } from '../dist/store/query/trace/read-trace.js';
import { visibleOps } from '../dist/store/query/visible-ops.js';
import { startTestStore } from '../dist/store/testing/test-store.js';
import { createChunkStore } from '../dist/store/write/chunk-store.js';

const BIN = fileURLToPath(new URL('../bin/run.js', import.meta.url));
const SHARD_COUNT = 3;
const ROWS = [1, 500, 20_000];
/** Rows of a chunk that questions are asked over. */
const PART_ROWS = 1_500;
const QUESTION_COUNT = 40;

export default async function bench([chunks = '30', parts = '8']) {
  const values = await shopEvents();
  const testStore = await startTestStore({ shardCount: SHARD_COUNT });
  try {
    await benchChunks(testStore, values, Number(chunks));
    await benchQuestions(testStore, values, Number(parts));
  } finally {
    await testStore[Symbol.asyncDispose]();
  }
}

/** A minute of the simulated shop. */
async function shopEvents() {
  const dir = await mkdtemp(join(tmpdir(), 'atbd-bench-'));
  const file = join(dir, 'events.ndjson');
  const args = ['gen', 'events', '--duration', '60s', '--to', 'file', '--output', file];
  await promisify(execFile)(process.execPath, [BIN, ...args]);
  const lines = (await readFile(file, 'utf8')).trimEnd().split('\n');
  await rm(dir, { recursive: true });
  return lines.map((line) => Buffer.from(line));
}

/** Stores values as one chunk; `index` counts the chunks of a topic. */
async function write({ store }, values, { topic, index, shard = 0 }) {
  const timestampMs = Date.now();
  const first = BigInt(index) * 1_000_000n;
  const records = values.map((value, at) => ({
    ...{ offset: first + BigInt(at), timestampMs, key: null, value, headers: undefined },
  }));
  await createChunkStore(store).writeChunk(
    {
      ...{ topic, epoch: 1, partition: 0, shard, runs: [runOf(records)] },
      ...{ first, last: first + BigInt(values.length - 1) },
    },
    new AbortController().signal,
  );
}

async function benchChunks(testStore, values, count) {
  for (let index = 0; index < 10; index += 1) {
    await write(testStore, values.slice(0, 500), { topic: 'warm-up', index });
  }
  for (const rows of ROWS) {
    const sinceMs = Date.now();
    for (let index = 0; index < count; index += 1) {
      await write(testStore, values.slice(0, rows), { topic: `rows-${rows}`, index });
    }
    const [figure] = await figures(testStore, ['write_chunk'], sinceMs);
    console.log(`a chunk of ${rows} rows: ${text(figure)}`);
  }
}

async function benchQuestions(testStore, values, parts) {
  const client = await Promise.all([0, 1, 2].map((shard) => testStore.store.shard(shard)));
  for (const [shard, one] of client.entries()) {
    await one.command({ query: 'TRUNCATE TABLE atbd.events_local' });
    await one.command({ query: 'SYSTEM STOP MERGES atbd.events_local' });
    for (let index = 0; index < parts; index += 1) {
      const from = ((shard * parts + index) * PART_ROWS) % values.length;
      const chunk = values.slice(from, from + PART_ROWS);
      await write(testStore, chunk, { topic: `shard-${shard}`, index, shard });
    }
  }
  const store = openStore(testStore.reader);
  const events = values.map((value) => JSON.parse(value));
  const nowMs = Date.parse(events[0].ts) + 60_000;
  const ids = events.flatMap(({ op_id: id }) => (id === undefined ? [] : [id]));
  const options = { signal: new AbortController().signal, onMissing: () => undefined };
  const page = (field, wanted) =>
    drain(readLogs(store, pageOf(field, wanted, nowMs), options).events);
  const questions = {
    trace: (id) => readTrace(store, { ids: [id], limit: 10_000 }, options),
    'logs: errors': () => page('level', ['error', 'fatal']),
    'logs: one service': () => page('service', ['gateway']),
    'latency by service': () =>
      readFigures(
        store,
        {
          ...{ metric: latency, buckets: null, by: ['service'], filter: MATCH_ALL, limit: 1_000 },
          range: { fromNs: minuteNs(nowMs - 300_000), toNs: minuteNs(nowMs + 60_000) },
        },
        options,
      ),
    'visible ops': (id) => visibleOps(store, { ids: [id], fromMs: nowMs - 60_000 }, options),
  };
  for (const [name, ask] of Object.entries(questions)) {
    for (let index = 0; index < 5; index += 1) await ask(ids[index]);
    const sinceMs = Date.now();
    for (let index = 0; index < QUESTION_COUNT; index += 1) await ask(ids[index * 100]);
    const found = await figures(testStore, null, sinceMs);
    const cpuMs = found.reduce((sum, { cpu, count }) => sum + (cpu * count) / QUESTION_COUNT, 0);
    console.log(`${name} (${parts} parts a shard): ${cpuMs.toFixed(1)} ms of all shards`);
    for (const figure of found) console.log(`  ${text(figure)}`);
  }
  await store[Symbol.asyncDispose]();
}

function pageOf(name, values, nowMs) {
  return {
    filter: { kind: 'text', field: { kind: 'field', name }, values },
    range: { fromNs: BigInt(nowMs - 3_600_000) * 1_000_000n, toNs: null, arrivedSinceNs: null },
    ...{ fields: ALL_FIELDS, isAscending: false, limit: 100, after: null },
  };
}

async function drain(events) {
  const iterator = events[Symbol.asyncIterator]();
  while (!(await iterator.next()).done) continue;
}

/** What each shard's log says of the questions (all, or those named) since then. */
async function figures({ store }, names, sinceMs) {
  const found = [];
  for (let shard = 0; shard < SHARD_COUNT; shard += 1) {
    const client = await store.shard(shard);
    await client.command({ query: 'SYSTEM FLUSH LOGS' });
    const ms = (event) => `quantile(0.2)(ProfileEvents['${event}']) / 1000`;
    const answer = await client.query({
      query: `SELECT replace(log_comment, 'atbd:', '') AS name, toUInt32(count()) AS count,
          ${ms('OSCPUVirtualTimeMicroseconds')} AS cpu, ${ms('QueryAnalysisMicroseconds')} AS analysis,
          ${ms('QueryPlanBuildMicroseconds')} + ${ms('QueryPlanOptimizeMicroseconds')} AS plan,
          ${ms('QueryPipelineBuildMicroseconds')} AS pipeline
        FROM system.query_log
        WHERE type = 'QueryFinish' AND startsWith(log_comment, 'atbd:') AND toUnixTimestamp64Milli(event_time_microseconds) >= {sinceMs:Int64}
        GROUP BY name ORDER BY name`,
      query_params: { sinceMs },
      format: 'JSONEachRow',
    });
    for (const row of await answer.json()) found.push({ shard, ...row });
  }
  return names === null ? found : found.filter(({ name }) => names.includes(name));
}

function text({ shard, name, count, cpu, analysis, plan, pipeline }) {
  const parts = `analysis ${analysis.toFixed(1)}, plan ${plan.toFixed(1)}, pipeline ${pipeline.toFixed(1)}`;
  return `shard ${shard} ${name}: ${count} times, ${cpu.toFixed(1)} ms of CPU each (${parts})`;
}

function minuteNs(ms) {
  return BigInt(Math.floor(ms / 60_000)) * 60_000_000_000n;
}
