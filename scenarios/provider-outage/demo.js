// `npm run demo`: twenty minutes without a payment provider, told by a story whose truth is known, then looked
// at as an operator would. Every command it prints is run as printed. scenarios/provider-outage/README.md
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { tmpdir } from 'node:os';
import { parseArgs } from 'node:util';
import { runDemo } from '../fleet/demo/run-demo.js';
import { Screen } from '../fleet/demo/screen.js';

const USAGE = `Usage: npm run demo -- [--keep]

  --keep       leave the stack running at the end, and say how to reach it
`;

const DAY = ['--from', '2026-03-02', '--to', '2026-03-03', '--tz', 'UTC'];

const { values: options } = parseArgs({
  options: { keep: { type: 'boolean', default: false }, help: { type: 'boolean', short: 'h' } },
});

const screen = new Screen();

if (options.help) console.log(USAGE);
else {
  await runDemo({
    screen,
    title: 'atbd: a payment provider is down for twenty minutes, and what an operator sees of it',
    isKept: options.keep,
    tell,
    ideas: [
      'npm run demo -- --keep    leaves the stack running and says how to reach it',
      'npm run demo:fleet        the same on the logs of four real services',
      'npx atbd scenario ls      the other stories',
    ],
    goOn: (stage) => [
      `export ATBD_HOME=${stage.env.ATBD_HOME}`,
      'npx atbd status',
      'npx atbd query logs --level warn+ --from 2026-03-02 --to 2026-03-03',
      'npx atbd down --purge --yes      # when you have seen enough',
      `rm -r ${stage.dir}`,
    ],
  });
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
