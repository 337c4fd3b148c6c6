import { closeSync, constants, openSync } from 'node:fs';
import { DataType, load, open } from 'ffi-rs';

// Landlock (linux/landlock.h): a process gives up access to files for itself and every thread it starts.

/** System calls, the same numbers on x86-64 and ARM64. */
const SYS = { createRuleset: 444, addRule: 445, restrictSelf: 446 };
const RULE_PATH_BENEATH = 1;
const WRITE_FILE = 1n << 1n;
const READ_FILE = 1n << 2n;
/** Linking and renaming between folders, as merges and mutations do. Kernels before 5.19 cannot grant it: there we confine nothing. */
const REFER = 1n << 13n;
const PR_SET_NO_NEW_PRIVS = 38;

/** What a server reads of the system (its environment is empty): libraries, time zones, names, and figures about memory and load. */
const SYSTEM_PATHS = [
  '/usr',
  '/lib',
  '/lib64',
  '/sys',
  '/dev',
  '/etc/localtime',
  '/etc/hosts',
  '/etc/resolv.conf',
  '/etc/nsswitch.conf',
  '/proc/cpuinfo',
  '/proc/loadavg',
  '/proc/meminfo',
  '/proc/mounts',
  '/proc/stat',
  '/proc/uptime',
  '/proc/vmstat',
  '/proc/net/dev',
  '/proc/self/io',
  '/proc/self/maps',
  '/proc/self/mountinfo',
  '/proc/self/cgroup',
  '/proc/self/schedstat',
  '/proc/self/smaps',
  '/proc/self/stat',
  '/proc/self/statm',
  '/proc/self/status',
  '/proc/self/task',
  '/proc/sys',
];

/**
 * From now on this process opens no file outside `writable` and a few places of the system. ClickHouse
 * checks no path for its scalar function file() in the embedded build, so the kernel has to. False
 * where the kernel has no Landlock: nothing is given up then.
 */
export function confineTo(writable: readonly string[]): boolean {
  if (process.platform !== 'linux') return false;
  open({ library: 'landlock', path: 'libc.so.6' });
  const attributes = Buffer.alloc(8);
  attributes.writeBigUInt64LE(READ_FILE | WRITE_FILE | REFER);
  const ruleset = syscall(SYS.createRuleset, attributes, attributes.length, 0);
  if (ruleset < 0) return false;
  for (const path of SYSTEM_PATHS) allow(ruleset, path, READ_FILE | WRITE_FILE);
  for (const path of writable) allow(ruleset, path, READ_FILE | WRITE_FILE | REFER);
  callLibc('prctl', [PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0]);
  const isConfined = callLibc('syscall', [SYS.restrictSelf, ruleset, 0, 0, 0]) === 0;
  closeSync(ruleset);
  return isConfined;
}

function allow(ruleset: number, path: string, access: bigint): void {
  let file: number;
  try {
    file = openSync(path, constants.O_RDONLY);
  } catch {
    // Not on this machine: then nobody reads it.
    return;
  }
  const rule = Buffer.alloc(12);
  rule.writeBigUInt64LE(access, 0);
  rule.writeInt32LE(file, 8);
  load({
    library: 'landlock',
    funcName: 'syscall',
    retType: DataType.I64,
    paramsType: [DataType.I64, DataType.I64, DataType.I64, DataType.U8Array, DataType.I64],
    paramsValue: [SYS.addRule, ruleset, RULE_PATH_BENEATH, rule, 0],
  });
  closeSync(file);
}

function syscall(number: number, buffer: Buffer, size: number, flags: number): number {
  return load({
    library: 'landlock',
    funcName: 'syscall',
    retType: DataType.I64,
    paramsType: [DataType.I64, DataType.U8Array, DataType.I64, DataType.I64],
    paramsValue: [number, buffer, size, flags],
  });
}

function callLibc(name: 'prctl' | 'syscall', values: readonly number[]): number {
  return load({
    library: 'landlock',
    funcName: name,
    retType: DataType.I64,
    paramsType: values.map(() => DataType.I64),
    paramsValue: [...values],
  });
}
