// What each roll-up, map and index costs: processor time of one shard for inserts of the same chunks with that part left out, per
// row, and for the merge of what was inserted to one part each. Merges wait until the inserts are over.
// npm run bench -- ingest-parts [events] [rounds]
import { startTestStore } from '../dist/store/testing/test-store.js';
import { insert, rowsReady } from './ingest/direct.js';
import { START_MS, toMessage } from './ingest/event.js';
import { cpuSecondsOf } from './ingest/measure.js';

/** About what a chunk from the embedded queue has. */
const CHUNK_RECORDS = 33_000;
const TABLES = ['events', 'dead_letters', 'ledger', 'traffic_1m', 'sessions_1m', 'metrics_1m'];

const withoutView = (view) => ({
  leave: `DETACH TABLE atbd.${view}`,
  restore: `ATTACH TABLE atbd.${view}`,
});
const withoutIndex = (name, definition) => ({
  leave: `ALTER TABLE atbd.events_local DROP INDEX ${name}`,
  restore: `ALTER TABLE atbd.events_local ADD INDEX ${name} ${definition}`,
});

const CASES = [
  ['all of it', {}],
  ['without traffic_1m', withoutView('events_to_traffic_1m')],
  ['without sessions_1m', withoutView('events_to_sessions_1m')],
  ['without metrics_1m', withoutView('events_to_metrics_1m')],
  ['without the ledger', withoutView('judged_to_ledger')],
  ['without dead letters', withoutView('judged_to_dead_letters')],
  [
    'without the filter of op_id',
    withoutIndex('op_id_bloom', 'op_id TYPE bloom_filter(0.01) GRANULARITY 1'),
  ],
  [
    'without the index of words',
    withoutIndex('message_words', 'lower(message) TYPE text(tokenizer = splitByNonAlpha)'),
  ],
  ['with 3 attributes an event', { attributes: { tenant: 'acme', region: 'eu-1', build: 417 } }],
];

export default async function bench([eventCount = '330000', rounds = '3']) {
  const count = Number(eventCount);
  const context = { testStore: await startTestStore({ shardCount: 1 }) };
  const client = await context.testStore.store.shard(0);
  const run = (query) => client.command({ query });
  const [pid] = context.testStore.pids;
  const figures = new Map(CASES.map(([name]) => [name, []]));
  let epoch = 0;

  async function measureCase([name, { leave, restore, attributes }]) {
    const chunks = chunksOf(count, attributes, (epoch += 1));
    if (leave !== undefined) await run(leave);
    await run('SYSTEM STOP MERGES');
    const inserted = await cpuOf(pid, () => insert(context, chunks));
    await run('SYSTEM START MERGES');
    const merged = await cpuOf(pid, async () => {
      for (const table of TABLES) await run(`OPTIMIZE TABLE atbd.${table}_local FINAL`);
    });
    for (const table of TABLES) await run(`TRUNCATE TABLE atbd.${table}_local SYNC`);
    if (restore !== undefined) await run(restore);
    figures.get(name).push({ inserted, merged });
  }

  try {
    console.log(
      `${count} events in chunks of ${CHUNK_RECORDS}; medians of ${rounds} rounds, the first round is not counted`,
    );
    for (let round = 0; round <= Number(rounds); round += 1) {
      // Whoever comes first or last is another one each time.
      for (let at = 0; at < CASES.length; at += 1)
        await measureCase(CASES[(at + round * 2) % CASES.length]);
    }
    print(figures, count);
  } finally {
    await context.testStore[Symbol.asyncDispose]();
  }
}

function chunksOf(count, attributes, epoch) {
  return Array.from({ length: Math.ceil(count / CHUNK_RECORDS) }, (_, index) => {
    const first = index * CHUNK_RECORDS;
    const records = Array.from({ length: Math.min(CHUNK_RECORDS, count - first) }, (_, at) => ({
      ...{ offset: BigInt(first + at), timestampMs: START_MS + (first + at) * 20 },
      ...{ key: null, headers: undefined, value: valueOf(first + at, attributes) },
    }));
    return {
      ...{ topic: 'events', epoch, partition: 0, shard: 0, runs: [rowsReady(records)] },
      ...{ first: BigInt(first), last: BigInt(first + records.length - 1) },
    };
  });
}

function valueOf(index, attributes) {
  const { value } = toMessage(index);
  if (attributes === undefined) return Buffer.from(value);
  return Buffer.from(JSON.stringify({ ...JSON.parse(value), ...attributes }));
}

async function cpuOf(pid, work) {
  const before = cpuSecondsOf(pid);
  await work();
  return cpuSecondsOf(pid) - before;
}

function print(figures, count) {
  const [all] = [...figures.values()].map((rounds) => mediansOf(rounds, count));
  for (const [name, rounds] of figures) {
    const { inserted, merged } = mediansOf(rounds, count);
    const price = (value, whole) => (value === whole ? '' : ` (${(value - whole).toFixed(2)})`);
    console.log(
      `  ${name.padEnd(28)} insert ${inserted.toFixed(2)}${price(inserted, all.inserted)} µs a row, merge ${merged.toFixed(2)}${price(merged, all.merged)}`,
    );
  }
}

/** In µs a row, without the first round, in which the server does everything for the first time. */
function mediansOf(rounds, count) {
  const medianOf = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
  const [inserted, merged] = ['inserted', 'merged'].map(
    (name) => (medianOf(rounds.slice(1).map((round) => round[name])) / count) * 1e6,
  );
  return { inserted, merged };
}
