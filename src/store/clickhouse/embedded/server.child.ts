// The process that is a ClickHouse server: loads the embedded library and never returns from it.
// Started by `embeddedServerCommand`; its arguments are the library and then the server's own.
import { accessSync, constants, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DataType, load, open } from 'ffi-rs';
import { forgetLostInserts } from './forget-lost-inserts.js';
import { confineTo } from './landlock.js';
import { pretendTerminal } from './pseudo-terminal.js';

/** linux/prctl.h: a signal for us when our parent dies, so that no server outlives its supervisor. */
const PR_SET_PDEATHSIG = 1;
const SIGTERM = 15;

const [libraryPath, ...serverArgs] = process.argv.slice(2);
if (libraryPath === undefined) throw new Error('BUG: no library given');
const parentPid = process.ppid;

if (process.platform === 'linux') {
  open({ library: 'libc', path: 'libc.so.6' });
  load({
    library: 'libc',
    funcName: 'prctl',
    retType: DataType.I32,
    paramsType: [DataType.I32, DataType.U64],
    paramsValue: [PR_SET_PDEATHSIG, SIGTERM],
  });
  // The parent may have died before the call above.
  if (process.ppid !== parentPid) process.exit(1);
}

// Without its file the library would listen with its defaults: a user who may do all, and no password.
accessSync(valueOf('--config-file='), constants.R_OK);

// The library forgets its system tables but not their files, and then cannot make query_log again.
const dataPath = valueOf('--path=');
rmSync(join(dataPath, 'data', 'system'), { recursive: true, force: true });
forgetLostInserts(dataPath);

if (process.platform === 'linux') pretendTerminal();

open({ library: 'chdb', path: libraryPath });
// Where the kernel cannot confine us, the read-only user can read this user's files by file(): docs/local-stack.md says so.
confineTo([dirname(valueOf('--config-file=')), dataPath, dirname(libraryPath)]);
const argv = ['atbd-shard', ...serverArgs];
load({
  library: 'chdb',
  funcName: 'query_stable_v2',
  retType: DataType.External,
  paramsType: [DataType.I32, DataType.StringArray],
  paramsValue: [argv.length, argv],
});
process.exit(1);

function valueOf(option: string): string {
  const value = serverArgs.find((arg) => arg.startsWith(option))?.slice(option.length);
  if (value === undefined) throw new Error(`BUG: no ${option} given`);
  return value;
}
