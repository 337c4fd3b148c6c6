import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

/** A process that cannot be mistaken: its number is used again some day, number and birth are not. */
export interface ProcessIdentity {
  readonly pid: number;
  /** When it was born, in words of the operating system: only fit to be compared. */
  readonly born: string;
}

/** Index of field 22 (start time in ticks since boot) after the command's name; see proc(5). */
const START_TIME_INDEX = 19;

const PS_TIMEOUT_MS = 2_000;

/** The identity of a living process, or undefined when there is none with this number. */
export async function identify(pid: number): Promise<ProcessIdentity | undefined> {
  const born = process.platform === 'linux' ? await bornOnLinux(pid) : await ps(pid, 'lstart=');
  return born === undefined ? undefined : { pid, born };
}

/** Whether that very process still lives. */
export async function isAlive({ pid, born }: ProcessIdentity): Promise<boolean> {
  return (await identify(pid))?.born === born;
}

/** Resident memory in bytes; undefined for a process that is gone. */
export async function residentBytes(pid: number): Promise<number | undefined> {
  const kilobytes =
    process.platform === 'linux'
      ? /^VmRSS:\s+(\d+) kB$/m.exec((await readProc(`/proc/${pid}/status`)) ?? '')?.[1]
      : await ps(pid, 'rss=');
  return kilobytes === undefined ? undefined : Number(kilobytes) * 1024;
}

async function bornOnLinux(pid: number): Promise<string | undefined> {
  const [stat, bootId] = await Promise.all([
    readProc(`/proc/${pid}/stat`),
    readProc('/proc/sys/kernel/random/boot_id'),
  ]);
  // The name stands in brackets and may itself hold brackets and blanks.
  const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
  // A zombie does nothing more; it only waits for its parent to look.
  if (!fields || fields[0] === 'Z' || fields[0] === 'X') return undefined;
  return `${bootId?.trim() ?? ''}:${fields[START_TIME_INDEX] ?? ''}`;
}

async function readProc(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch {
    return undefined;
  }
}

async function ps(pid: number, column: string): Promise<string | undefined> {
  try {
    const { stdout } = await promisify(execFile)('ps', ['-o', column, '-p', String(pid)], {
      timeout: PS_TIMEOUT_MS,
    });
    return stdout.trim() === '' ? undefined : stdout.trim();
  } catch {
    return undefined;
  }
}
