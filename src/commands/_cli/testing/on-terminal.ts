import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

const COLUMNS = 100;

/** A single word for the shell, whatever is in it. */
function quoted(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}

/**
 * All that the built CLI shows on a pseudo-terminal of so many rows, stdout and stderr as they come, and then its exit code as
 * `code N`. Line ends are as a file has them.
 */
export async function onTerminal(
  args: readonly string[],
  {
    rows = 60,
    pager = 'cat',
    env = {},
  }: {
    readonly rows?: number;
    readonly pager?: string;
    readonly env?: Readonly<Record<string, string>>;
  } = {},
): Promise<string> {
  const { PATH, HOME } = process.env;
  const command = ['node', 'bin/run.js', ...args.map(quoted)].join(' ');
  const inner = `stty rows ${rows} cols ${COLUMNS}; ${command}; echo "code $?"`;
  const { stdout } = await run('script', ['--quiet', '--command', inner, '/dev/null'], {
    env: { PATH, HOME, TERM: 'xterm', NODE_ENV: 'production', PAGER: pager, ...env },
  });
  return stdout.replaceAll('\r\n', '\n');
}
