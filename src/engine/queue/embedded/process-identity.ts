import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

/** A process as others on the same machine can recognise it; `startedAt` tells it from a later one with its pid. */
export interface ProcessIdentity {
  /** Host and pid namespace: pids mean something only within. */
  readonly host: string;
  readonly pid: number;
  readonly startedAt: string | null;
}

/** This process. */
export function ownProcess(): ProcessIdentity {
  return { host: hostIdentity(), pid: process.pid, startedAt: startOf(process.pid) };
}

/** True only where it is certain: same host, and the pid is free or belongs to another process now. */
export function isGone(other: ProcessIdentity, self: ProcessIdentity): boolean {
  if (other.host !== self.host) return false;
  if (other.pid === self.pid) return other.startedAt !== self.startedAt;
  try {
    process.kill(other.pid, 0);
  } catch (error) {
    // EPERM: it lives, under another user.
    return error instanceof Error && 'code' in error && error.code === 'ESRCH';
  }
  return other.startedAt !== null && startOf(other.pid) !== other.startedAt;
}

function hostIdentity(): string {
  try {
    return `${hostname()} ${readlinkSync('/proc/self/ns/pid')}`;
  } catch {
    return hostname();
  }
}

/** Start time in clock ticks since boot; null without /proc. A zombie counts as gone. */
function startOf(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The command in brackets may hold blanks, so fields are counted from its end: state is the
    // first there, the start time the 20th (proc_pid_stat(5): fields 3 and 22).
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? null : (fields[19] ?? null);
  } catch {
    return null;
  }
}
