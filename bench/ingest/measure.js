import { readFileSync } from 'node:fs';

/** The kernel counts a process's time in these (getconf CLK_TCK is 100 on every Linux we know). */
const TICKS_A_SECOND = 100;

/** Wall time, and CPU-seconds of each process [name, pid], of some work on so many events. */
export async function measure(count, processes, work) {
  const before = processes.map(([, pid]) => cpuSecondsOf(pid));
  const started = performance.now();
  await work();
  const seconds = (performance.now() - started) / 1000;
  const cpu = Object.fromEntries(
    processes.map(([name, pid], index) => [name, cpuSecondsOf(pid) - before[index]]),
  );
  return { seconds, cpu, rate: count / seconds };
}

export function report(name, { seconds, cpu, rate }) {
  const parts = Object.entries(cpu).map(([process, used]) => `${process} ${used.toFixed(2)}`);
  const total = Object.values(cpu).reduce((sum, used) => sum + used, 0);
  console.log(
    `  ${name}: ${Math.round(rate)} rows/s (${seconds.toFixed(2)} s), ${total.toFixed(2)} CPU-s: ${parts.join(', ')}`,
  );
}

/** User and system time of a process so far. */
export function cpuSecondsOf(pid) {
  // The name in parentheses may hold blanks; what follows does not.
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_A_SECOND;
}
