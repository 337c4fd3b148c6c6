// Freshness and latencies of a whole local stack under load: what `atbd gen requests` measures, with the CPU of each part.
// npm run bench -- requests [events/s] [selects/s] [seconds] [shards]
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const BIN = fileURLToPath(new URL('../bin/run.js', import.meta.url));
/** The kernel counts a process's time in these (getconf CLK_TCK is 100 on every Linux we know). */
const TICKS_A_SECOND = 100;
/** The goals in ms: beside questions, and without any. */
const [FRESHNESS_GOAL_MS, FRESHNESS_GOAL_ALONE_MS] = [2_000, 1_000];
const OUTPUT_BYTES_MAX = 16 * 1024 * 1024;

export default async function bench([
  events = '10000',
  selects = '20',
  seconds = '60',
  shards = '3',
]) {
  const home = await mkdtemp(join(tmpdir(), 'atbd-bench-'));
  const env = { ...process.env, ATBD_HOME: home };
  delete env.ATBD_CONTEXT;
  const atbd = async (...args) => {
    const options = { env, maxBuffer: OUTPUT_BYTES_MAX };
    const { stdout } = await promisify(execFile)(process.execPath, [BIN, ...args], options);
    return stdout;
  };
  try {
    await atbd('up', '--local', '--shards', shards);
    const parts = partsOf(home);
    const rates = `events=${events},selects=${selects}`;
    const before = parts.map(({ pid }) => cpuSecondsOf(pid));
    const load = loadavg()[0];
    const report = JSON.parse(
      await atbd('gen', 'requests', '--stage', `${seconds}s:${rates}`, '--json'),
    );
    print(report, `load ${load.toFixed(1)} before, ${loadavg()[0].toFixed(1)} after`);
    const cpu = parts.map(({ name, pid }, index) => {
      const now = cpuSecondsOf(pid);
      return Number.isNaN(now) ? `${name} ended` : `${name} ${(now - before[index]).toFixed(1)}`;
    });
    console.log(`CPU-s of ${report.seconds.toFixed(0)} s: ${cpu.join(', ')}`);
    const status = JSON.parse(await atbd('status', '--json'));
    const restarts = status.parts.filter((part) => part.restarts > 0).map(({ name }) => name);
    console.log(`restarted: ${restarts.length === 0 ? 'none' : restarts.join(', ')}`);
  } finally {
    await atbd('down', '--purge', '--yes');
    await rm(home, { recursive: true, force: true });
  }
}

function print(report, circumstances) {
  const { events, selects, freshness } = report;
  console.log(
    `${Math.round(events.rate)} events/s of ${Math.round(events.rateWanted)}, ${selects.rate} selects/s of ${selects.rateWanted}; ` +
      `${events.late + selects.late} late, ${events.failed + selects.failed} failed; ${circumstances}`,
  );
  for (const kind of ['produce', 'trace', 'logs', 'tail', 'figures', 'freshness']) {
    const { p50, p90, p99, max, count, errors } = report[kind];
    console.log(
      `  ${kind.padEnd(10)} ${[p50, p90, p99, max].map(ms).join(' ')}  ${count} (${errors} failed)`,
    );
  }
  const goalMs = selects.rateWanted > 0 ? FRESHNESS_GOAL_MS : FRESHNESS_GOAL_ALONE_MS;
  const verdict = freshness.p99 < goalMs ? 'met' : 'missed';
  console.log(`freshness p99 ${ms(freshness.p99).trim()} ms, goal < ${goalMs} ms: ${verdict}`);
}

function ms(value) {
  return (value === null ? '-' : value.toFixed(1)).padStart(9);
}

function partsOf(home) {
  const { parts } = JSON.parse(readFileSync(join(home, 'run', 'supervisor.json'), 'utf8'));
  return parts.flatMap(({ name, process: known }) => (known ? [{ name, pid: known.pid }] : []));
}

/** NaN when the process has ended. */
function cpuSecondsOf(pid) {
  try {
    // The name in parentheses may hold blanks; what follows does not.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
    return (Number(fields[11]) + Number(fields[12])) / TICKS_A_SECOND;
  } catch {
    return NaN;
  }
}
