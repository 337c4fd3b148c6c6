// `npm run demo:fleet`: a shop's real logs, from four files to a trace in the terminal, on a stack that
// lives in a temporary folder. Every command it prints is run as printed. scenarios/fleet/README.md
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { differencesOf, countEvents, countInFiles } from './demo/count-lines.js';
import { renderCounts, totalOf } from './demo/count-lines.js';
import { runDemo } from './demo/run-demo.js';
import { Screen, seconds } from './demo/screen.js';
import { startFleet } from './driver/fleet.js';
import { planShopping } from './driver/plan.js';
import { shop } from './driver/shop.js';

const USAGE = `Usage: npm run demo:fleet -- [--keep] [--seed N] [--seconds N]

  --keep       leave the stack running at the end, and say how to reach it
  --seed N     another story (default 7)
  --seconds N  how long the shoppers shop (default 20)
`;

const SHOPPER_COUNT = 8;

/** Ingest is asked again this often whether all is stored, and for so long. */
const STORED_POLL_MS = 300;
const STORED_TIMEOUT_MS = 30_000;

const { values: options } = parseArgs({
  options: {
    keep: { type: 'boolean', default: false },
    seed: { type: 'string', default: '7' },
    seconds: { type: 'string', default: '20' },
    help: { type: 'boolean', short: 'h', default: false },
  },
});

const screen = new Screen();

if (options.help) console.log(USAGE);
else {
  await runDemo({
    screen,
    title: 'atbd: from the logs of four services to the trace of one failed payment',
    isKept: options.keep,
    tell,
    ideas: [
      'npm run demo:fleet -- --keep    leaves the stack running and says how to reach it',
      'npx atbd up --local             starts one that stays; npx atbd --help says what it can do',
    ],
    goOn: (stage) => [
      ...Object.entries(stage.settings).map(([name, value]) => `export ${name}=${value}`),
      'npx atbd status',
      'npx atbd query logs --level warn+ --since 10m',
      'npx atbd query logs sold out --since 10m',
      'npx atbd down --purge --yes      # when you have seen enough',
      `rm -r ${stage.dir}              # the services' log files, too`,
    ],
  });
}

async function tell(stage, signal) {
  const { atbd } = stage;
  screen.step(
    'A stack of your own',
    'Three ClickHouse shards, a durable queue and the ingest worker, all from npm.',
  );
  await stage.startStack(signal);
  const fleet = await startServices(stage);
  await goShopping({ stage, fleet, signal });
  await waitUntilStored({ atbd, fleet, signal });
  await compareCounts({ atbd, fleet, signal });
  await showTrace({ atbd, signal });

  screen.step('Errors, and where they come from');
  const columns = 'service,file,line,message';
  const errors = ['query', 'logs', '--level', 'error', '--fields', columns, '--limit', '8'];
  await atbd.show(errors, { signal });

  screen.step(
    'Nothing lost, nothing twice',
    'The queue, the ledger and a recount of the rows on all shards must agree.',
  );
  await atbd.show(['verify'], { signal });
}

async function startServices(stage) {
  screen.step(
    'Services that log, and atbd that follows their files',
    'gateway, reservation, order and payment log with pino, each to its own file.',
  );
  const fleet = await startFleet({ logDir: stage.logDir, seed: options.seed });
  stage.adopt(fleet.stop);
  const names = fleet.services.map((service) => `${service}.log`);
  const ingest = stage.atbd.follow(['ingest', '--follow', ...names], `${stage.dir}/ingest.txt`);
  stage.adopt(() => ingest.stop());
  screen.say('(in the background)');
  return { ...fleet, ingest };
}

async function goShopping({ stage, fleet, signal }) {
  const durationMs = Number(options.seconds) * 1000;
  screen.step(
    `${SHOPPER_COUNT} shoppers for ${options.seconds} seconds, and what goes wrong, as it passes`,
    'They view, reserve, buy, refund and cancel; the payment provider has a bad day.',
  );
  const plan = planShopping({ seed: options.seed, shopperCount: SHOPPER_COUNT, durationMs });
  const watched = new AbortController();
  const together = AbortSignal.any([signal, watched.signal]);
  const shopping = shop({ plan, gatewayUrl: fleet.gatewayUrl, signal: together });
  const tail = ['tail', '--level', 'warn+', '--limit', '12', '--timeout', `${options.seconds}s`];
  const watching = stage.atbd.show(tail, { signal: together });
  // The first failure ends the other, too.
  const [outcomes] = await Promise.all([shopping, watching]).finally(() => watched.abort());
  screen.say();
  const words = Object.entries(outcomes).map(([action, { done, refused }]) =>
    refused === 0 ? `${done} ${action}` : `${done} ${action} (${refused} refused)`,
  );
  screen.done(`done: ${words.join(', ')}`);
}

/** Stored is what `verify` finds in the store: asked until it is as many as the files have lines. */
async function waitUntilStored({ atbd, fleet, signal }) {
  const began = performance.now();
  const expected = totalOf(await countInFiles(fleet.logFiles));
  for (;;) {
    fleet.ingest.check();
    const { partitions } = JSON.parse(await atbd.read(['verify', '--json'], { signal }));
    const stored = partitions.reduce((sum, { rows }) => sum + rows, 0);
    const waitedMs = performance.now() - began;
    if (stored >= expected) return;
    if (waitedMs > STORED_TIMEOUT_MS) {
      throw new Error(
        `cannot see all lines stored: ${stored} of ${expected} after ${seconds(waitedMs)}`,
      );
    }
    await sleep(STORED_POLL_MS, undefined, { signal });
  }
}

async function compareCounts({ atbd, fleet, signal }) {
  screen.step(
    'Every line, counted twice',
    'Once by grep in the log files, once in the store: by service and level.',
  );
  const question = ['query', 'logs', '--fields', 'service,level', '--limit', '1000000'];
  const inFiles = await countInFiles(fleet.logFiles);
  const stored = countEvents(await atbd.read([...question, '--output', 'ndjson'], { signal }));
  screen.say(`\n${renderCounts(inFiles, stored)}\n`);
  const differences = differencesOf(inFiles, stored);
  if (differences.length > 0) throw new Error(`the counts differ:\n  ${differences.join('\n  ')}`);
  screen.done(`${totalOf(inFiles)} lines in the files, ${totalOf(stored)} events stored`);
}

async function showTrace({ atbd, signal }) {
  screen.step(
    'A payment that failed and was asked for again',
    'First the attempts that went wrong, then all that happened in one of those actions.',
  );
  const failed = ['query', 'logs', '--type', 'payment.attempt', '-f', 'status!=ok'];
  await atbd.show([...failed, '--fields', 'ts,op_id,attempt,status', '--limit', '5'], { signal });
  const attempts = ['query', 'logs', '--type', 'payment.attempt', '--limit', '100000'];
  const fields = ['--fields', 'op_id,operation,attempt,status', '--output', 'ndjson'];
  const opId = chooseAction(await atbd.read([...attempts, ...fields], { signal }));
  await atbd.show(['query', 'trace', opId], { signal });
}

/** The purchase that took the most attempts and went well in the end. */
function chooseAction(ndjson) {
  const won = ndjson
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line))
    .filter(
      ({ operation, status, attempt }) => operation === 'buy' && status === 'ok' && attempt > 1,
    )
    .toSorted((a, b) => b.attempt - a.attempt || a.op_id.localeCompare(b.op_id));
  if (won.length === 0)
    throw new Error('cannot find a payment that was asked for again: try another --seed');
  return won[0].op_id;
}
