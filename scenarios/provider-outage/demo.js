// `npm run demo`: twenty minutes without a payment provider, told by a story whose truth is known, then looked
// at as an operator would. Every command it prints is run as printed. scenarios/provider-outage/README.md
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { tmpdir } from 'node:os';
import { parseArgs } from 'node:util';
import { Screen, seconds } from '../fleet/demo/screen.js';
import { Stage } from '../fleet/demo/stage.js';

const USAGE = `Usage: npm run demo -- [--keep]

  --keep       leave the stack running at the end, and say how to reach it
`;

const DAY = ['--from', '2026-03-02', '--to', '2026-03-03', '--tz', 'UTC'];

const { values: options } = parseArgs({
  options: { keep: { type: 'boolean', default: false }, help: { type: 'boolean', short: 'h' } },
});

const screen = new Screen();
const interrupt = new AbortController();
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(name, () => interrupt.abort(new Error(`stopped by ${name}`)));
}

if (options.help) console.log(USAGE);
else await main();

async function main() {
  const began = performance.now();
  screen.title(
    'atbd: a payment provider is down for twenty minutes, and what an operator sees of it',
  );
  const stage = await Stage.open(screen);
  try {
    await tell(stage, interrupt.signal);
  } catch (error) {
    process.exitCode = interrupt.signal.aborted ? 130 : 1;
    screen.fail(interrupt.signal.aborted ? interrupt.signal.reason.message : error.message);
  }
  await end(stage);
  const took = seconds(performance.now() - began);
  if (process.exitCode) screen.fail(`ended after ${took}`);
  else screen.done(`all done after ${took}`);
}

async function tell(stage, signal) {
  const report = path.join(tmpdir(), `atbd-provider-outage-${process.pid}.html`);
  screen.step(
    'A story of which everything is known',
    'A stack of its own, three hours of a simulated shop in seconds, and what must be true in the end.',
  );
  const story = ['scenario', 'run', 'provider-outage', '--keep', '--folder', stage.dir];
  await stage.startWith([...story, '--html', report], { signal, home: () => homeOf(stage.dir) });
  const { atbd } = stage;

  screen.step(
    'What failed',
    'Attempts at the provider, newest first: three while the customer waits, then by the shop itself.',
  );
  const attempts = ['query', 'logs', '--type', 'payment.attempt', '-f', 'provider=acme', ...DAY];
  const fields = ['--fields', 'ts,op_id,order_id,attempt,status'];
  await atbd.show([...attempts, '-f', 'status!=ok', ...fields, '--limit', '8'], { signal });

  screen.step('One of these purchases, across all services');
  const everything = ['--limit', '100000', '--output', 'ndjson'];
  const { failed, paid } = choose(
    await atbd.read([...attempts, ...fields, ...everything], { signal }),
  );
  await atbd.show(['query', 'trace', failed, '--tz', 'UTC'], { signal });

  screen.step('The same order, paid in the end', 'Another action: the shop tried again by itself.');
  await atbd.show(['query', 'trace', paid, '--tz', 'UTC'], { signal });

  screen.step('Errors, and where they come from');
  const errors = ['query', 'logs', '--level', 'error', '--service', 'payment', ...DAY];
  await atbd.show([...errors, '--fields', 'ts,file,line,message', '--limit', '8'], { signal });

  screen.step(
    'Nothing lost, nothing twice',
    'The queue, the ledger and a recount of the rows on all shards must agree.',
  );
  await atbd.show(['verify'], { signal });
  screen.say();
  screen.done(`the story's report, with its timeline: ${report}`);
}

/** The story's stack lives in a folder below ours. */
async function homeOf(dir) {
  const name = (await readdir(dir)).find((entry) => entry.startsWith('atbd-story-'));
  return name === undefined ? undefined : path.join(dir, name, 'home');
}

/** An order that failed three times at once and was paid later: the two actions. */
function choose(ndjson) {
  const byOrder = new Map();
  for (const line of ndjson.split('\n').filter(Boolean)) {
    const attempt = JSON.parse(line);
    byOrder.set(attempt.order_id, [...(byOrder.get(attempt.order_id) ?? []), attempt]);
  }
  const recovered = [...byOrder.values()]
    .map((attempts) => attempts.toSorted((a, b) => a.attempt - b.attempt))
    .filter((attempts) => attempts.length > 3 && attempts.at(-1).status === 'ok')
    .toSorted((a, b) => a[0].ts.localeCompare(b[0].ts));
  if (recovered.length === 0) throw new Error('cannot find an order that was paid after an outage');
  return { failed: recovered[0][0].op_id, paid: recovered[0].at(-1).op_id };
}

async function end(stage) {
  try {
    if (options.keep && !process.exitCode) await sayHowToGoOn(stage);
    else await takeDown(stage);
  } catch (error) {
    process.exitCode ||= 1;
    screen.fail(error.message);
  }
}

async function takeDown(stage) {
  if (!process.exitCode) {
    screen.step(
      'Going on by hand',
      'npm run demo -- --keep    leaves the stack running and says how to reach it',
      'npm run demo:fleet        the same on the logs of four real services',
      'npx atbd scenario ls      the other stories',
    );
  }
  await stage.takeDown();
}

async function sayHowToGoOn(stage) {
  await stage.keep();
  screen.step('Going on by hand', 'The stack still runs. In a shell, in this folder:');
  screen.say();
  screen.say(`  export ATBD_HOME=${stage.env.ATBD_HOME}`);
  for (const line of [
    'npx atbd status',
    'npx atbd query logs --level warn+ --from 2026-03-02 --to 2026-03-03',
    'npx atbd down --purge --yes      # when you have seen enough',
    `rm -r ${stage.dir}`,
  ]) {
    screen.say(`  ${line}`);
  }
}
