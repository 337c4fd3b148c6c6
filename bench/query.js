// Questions to a store of 3 shards that holds a simulated shop's events: medians of the server's time, with the query condition
// cache off, each also as a ratio to a plain count() of the same range; and what the events take on the disk.
// npm run bench -- query [events] [more events]
import { randomUUID } from 'node:crypto';
import { loadavg } from 'node:os';
import { openStore } from '../dist/store/clickhouse/store.js';
import { startTestStore } from '../dist/store/testing/test-store.js';
import { mergeAll, printDisk } from './query/disk.js';
import { FROM_MS, Loader, startZstd } from './query/load.js';
import { QUESTIONS } from './query/question.js';

const SHARD_COUNT = 3;
const RUNS = 9;
const DAY_SECONDS = 86_400;
/** Sent with every question; the cache would answer the second run of a question from the first. */
const SETTINGS = { use_query_condition_cache: 0, log_queries: 1 };

export default async function bench([few = '2000000', many = '20000000']) {
  const sizes = [Number(few), Number(many)].filter((size) => size > 0);
  const testStore = await startTestStore({ shardCount: SHARD_COUNT });
  try {
    const loader = new Loader(testStore.store, SHARD_COUNT, Math.max(...sizes));
    const medians = [];
    for (const [index, size] of sizes.entries()) {
      const packedBytes = await load(loader, size, index === 0);
      await mergeAll(testStore, SHARD_COUNT);
      medians.push({ count: loader.count, byName: await askAll(testStore, loader) });
      if (index === 0) await printDisk(testStore, SHARD_COUNT, { ...loader, packedBytes });
    }
    if (sizes.length > 1) await printDisk(testStore, SHARD_COUNT, { ...loader, packedBytes: null });
    print(medians);
  } finally {
    await testStore[Symbol.asyncDispose]();
  }
}

/** Returns what zstd makes of the lines, for the first load only: it says the same of ten times as many. */
async function load(loader, size, isFirst) {
  const started = performance.now();
  const zstd = isFirst ? await startZstd() : null;
  await loader.loadUntil(size, zstd === null ? undefined : (line) => zstd.write(line));
  const seconds = (performance.now() - started) / 1000;
  console.log(
    `${loader.count} events of ${(loader.bytes / loader.count).toFixed(0)} bytes after ${seconds.toFixed(0)} s; load ${loadavg()[0].toFixed(1)}`,
  );
  return zstd === null ? null : zstd.end();
}

async function askAll(testStore, loader) {
  const reader = openStore(testStore.reader);
  const asked = [];
  try {
    for (let run = 0; run < RUNS; run += 1) {
      for (const question of QUESTIONS)
        asked.push(await ask(reader, question, argsOf(loader, run)));
    }
  } finally {
    await reader[Symbol.asyncDispose]();
  }
  return timesOf(testStore, asked);
}

/** An id and a word that no run before asked for, from all over the data. */
function argsOf({ opIds, orderWords, untilMs }, run) {
  const at = (list) => list[Math.floor(((run + 0.5) / RUNS) * list.length)];
  const from = Math.floor(FROM_MS / 1000);
  const to = Math.ceil(untilMs / 60_000) * 60;
  return {
    from,
    to,
    dayAgo: Math.max(from, to - DAY_SECONDS),
    opId: at(opIds),
    orderWord: at(orderWords),
  };
}

/** Asks once, and notes the ids under which the server knows it. */
async function ask(reader, { name, sql, ask: askStore }, args) {
  const queryIds = [];
  const noting = {
    ...reader,
    shard: async (index) => {
      const client = await reader.shard(index);
      const query = (options) => {
        const id = options.query_id ?? randomUUID();
        queryIds.push(id);
        const settings = { ...options.clickhouse_settings, ...SETTINGS };
        return client.query({ ...options, query_id: id, clickhouse_settings: settings });
      };
      return { query, ping: (options) => client.ping(options) };
    },
  };
  if (askStore !== undefined) await askStore(noting, args);
  else {
    const { from, to, dayAgo } = args;
    const client = await noting.shard(0);
    const answer = await client.query({
      query: sql,
      query_params: { from, to, dayAgo },
      format: 'JSONEachRow',
    });
    await answer.text();
  }
  return { name, queryIds };
}

/** Median milliseconds and rows read of each question, by the log of the shard that was asked. */
async function timesOf(testStore, asked) {
  const client = await testStore.store.shard(0);
  await client.command({ query: 'SYSTEM FLUSH LOGS' });
  const answer = await client.query({
    query: `SELECT query_id, dateDiff('microsecond', query_start_time_microseconds, event_time_microseconds) / 1000 AS ms, read_rows
            FROM system.query_log WHERE type = 'QueryFinish' AND is_initial_query AND event_time > now() - INTERVAL 1 DAY`,
    format: 'JSONEachRow',
  });
  const known = new Map((await answer.json()).map((row) => [row.query_id, row]));
  const byName = new Map();
  for (const { name, queryIds } of asked) {
    const rows = queryIds.flatMap((id) => known.get(id) ?? []);
    if (rows.length === 0) throw new Error(`the server does not know of ${name}`);
    const ms = rows.reduce((sum, row) => sum + Number(row.ms), 0);
    const readRows = rows.reduce((sum, row) => sum + Number(row.read_rows), 0);
    byName.set(name, [...(byName.get(name) ?? []), { ms, readRows }]);
  }
  return new Map([...byName].map(([name, runs]) => [name, summary(runs)]));
}

function summary(runs) {
  const sorted = runs.map(({ ms }) => ms).sort((a, b) => a - b);
  const reads = runs.map(({ readRows }) => readRows).sort((a, b) => a - b);
  return {
    ms: sorted[Math.floor(sorted.length / 2)],
    least: sorted[0],
    readRows: reads[Math.floor(reads.length / 2)],
  };
}

function print(medians) {
  const [base] = QUESTIONS;
  console.log(
    `\nmedian of ${RUNS} (least) in ms of the server, times a plain count(), rows read; load ${loadavg()[0].toFixed(1)}`,
  );
  console.log(`| ${['', ...medians.map(({ count }) => `${count} events`)].join(' | ')} |`);
  for (const { name } of QUESTIONS) {
    const cells = medians.map(({ byName }) => {
      const { ms, least, readRows } = byName.get(name);
      const ratio = ms / byName.get(base.name).ms;
      return `${ms.toFixed(1)} (${least.toFixed(1)}), ${ratio.toFixed(1)}x, ${readRows}`;
    });
    console.log(`| ${[name, ...cells].join(' | ')} |`);
  }
}
