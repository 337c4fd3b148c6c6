// `npm run chaos [-- --kills N --seed S --queue kafka|redis|embedded --rate R --keep-logs]`: kills and cuts real parts under traffic, and
// proves at the end that nothing was lost and nothing doubled. Runs dist/ (built first with `npm run build`).
import { existsSync } from 'node:fs';
import { parseArgs } from 'node:util';

const USAGE =
  'npm run chaos [-- --kills 200 --seed 1 --queue kafka|redis|embedded --rate 20000]: see docs/testing.md';
/** To start and to prove, and for each hit: a quiet machine needs a third of it. */
const SECONDS_AT_LEAST = 300;
const SECONDS_A_HIT = 9;
/** From so many hits on each step that counts must be hit 20 times. */
const LONG_FORM = 100;
const [HITS_MIN_LONG, HITS_MIN_SHORT] = [20, 3];

function fail(message) {
  console.error(message);
  process.exit(2);
}

function readOptions() {
  const string = { type: 'string' };
  try {
    const { values } = parseArgs({
      options: {
        kills: string,
        seed: string,
        queue: string,
        rate: string,
        'keep-logs': { type: 'boolean' },
      },
    });
    const queue = values.queue ?? 'kafka';
    const killCount = Number(values.kills ?? 200);
    const seed = Number(values.seed ?? Date.now() % 2 ** 31);
    // Redis holds all of it in memory.
    const rate = Number(values.rate ?? (queue === 'redis' ? 5_000 : 20_000));
    const isWhole = [killCount, seed, rate].every((each) => Number.isSafeInteger(each) && each > 0);
    if (!isWhole || !['kafka', 'redis', 'embedded'].includes(queue)) fail(USAGE);
    return { queue, killCount, seed, rate, keepsLogs: values['keep-logs'] === true };
  } catch (error) {
    return fail(`${error.message}\n${USAGE}`);
  }
}

const chosen = readOptions();
if (!existsSync(new URL('../dist/commands', import.meta.url)))
  fail('cannot find dist/: run `npm run build` first');
const { hasKafka } = await import('../dist/engine/testing/kafka-broker.js');
const { hasRedis } = await import('../dist/engine/testing/redis-server.js');
const hasQueue = { kafka: hasKafka, redis: hasRedis, embedded: () => true };
if (!hasQueue[chosen.queue]()) process.exit(2);
const { runChaosInFolder } = await import('../dist/commands/_cli/testing/chaos/chaos-run.js');
const { renderResult } = await import('../dist/commands/_cli/testing/chaos/chaos-report.js');

const interrupted = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'])
  process.on(signal, () => interrupted.abort(new Error(`stopped by ${signal}`)));

const options = {
  ...chosen,
  hitsMin: chosen.killCount >= LONG_FORM ? HITS_MIN_LONG : HITS_MIN_SHORT,
  boundMs: 1000 * (SECONDS_AT_LEAST + SECONDS_A_HIT * chosen.killCount),
  signal: interrupted.signal,
  onLine: (line) => console.log(line),
};
console.log(
  `${options.killCount} hits on ${options.queue}, seed ${options.seed}, ${options.rate} events/s; ends within ${Math.ceil(options.boundMs / 60_000)} minutes`,
);
try {
  const { result, faults, logDir } = await runChaosInFolder(options);
  console.log(renderResult(result));
  for (const fault of faults) console.error(`FAULT (seed ${options.seed}): ${fault}`);
  if (faults.length > 0 || options.keepsLogs) console.error(`logs: ${logDir}`);
  process.exitCode = faults.length > 0 ? 1 : 0;
} catch (error) {
  if (interrupted.signal.aborted) {
    console.error('stopped; everything that was started is down');
    process.exitCode = 130;
  } else {
    console.error(error);
    process.exitCode = 1;
  }
}
