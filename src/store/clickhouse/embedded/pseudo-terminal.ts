import { constants, openSync } from 'node:fs';
import { DataType, load, open } from 'ffi-rs';

/**
 * Makes a pseudo-terminal of this process its standard input, and nothing its standard output. Without a terminal the library makes
 * every error in a connection's thread the end of the process (KillingErrorHandler in LocalServer.cpp of ClickHouse): one client
 * that ends with an unread answer, and the reset of its connection takes the server down. With a terminal, and `--interactive`, it
 * reports the error and goes on, as a real server does. What it then tells a person at that terminal nobody needs.
 */
export function pretendTerminal(): void {
  open({ library: 'pty', path: 'libc.so.6' });
  const flags = constants.O_RDWR | constants.O_NOCTTY;
  const master = callWithNumber('posix_openpt', flags);
  callWithNumber('grantpt', master);
  callWithNumber('unlockpt', master);
  const name = load({
    library: 'pty',
    funcName: 'ptsname',
    retType: DataType.String,
    paramsType: [DataType.I32],
    paramsValue: [master],
  });
  replace(STDIN, openSync(name, flags));
  replace(STDOUT, openSync('/dev/null', constants.O_WRONLY));
}

const STDIN = 0;
const STDOUT = 1;

function replace(descriptor: number, by: number): void {
  const result = load({
    library: 'pty',
    funcName: 'dup2',
    retType: DataType.I32,
    paramsType: [DataType.I32, DataType.I32],
    paramsValue: [by, descriptor],
  });
  if (result < 0) throw new Error(`BUG: cannot replace descriptor ${descriptor}`);
}

function callWithNumber(funcName: string, value: number): number {
  const result = load({
    library: 'pty',
    funcName,
    retType: DataType.I32,
    paramsType: [DataType.I32],
    paramsValue: [value],
  });
  if (result < 0) throw new Error(`BUG: ${funcName} failed`);
  return result;
}
