import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { AtbdError } from '../../../engine/model/error.js';
import { type EmbeddedServerOptions, writeServerFiles } from './server-files.js';

export type { EmbeddedServerOptions } from './server-files.js';

/** A process to start: no shell, no secrets in it. */
export interface ServerCommand {
  readonly command: string;
  readonly args: readonly string[];
}

/** How long the query that keeps the server alive sleeps at a time (ClickHouse's limit is 3 s a row). */
const KEEP_ALIVE =
  'SYSTEM START LISTEN HTTP; SYSTEM START LISTEN TCP; ' +
  'SELECT sleepEachRow(3) FROM numbers(1000000000) SETTINGS max_block_size = 1, ' +
  'function_sleep_max_microseconds_per_block = 0, max_execution_time = 0 FORMAT Null';

/** Writes the server's files and says how to start it. The process is the server, ends with its parent, and survives SIGKILL with all that was confirmed. */
export async function embeddedServerCommand(
  options: EmbeddedServerOptions,
): Promise<ServerCommand> {
  const { config, data } = await writeServerFiles(options);
  const tcpPort = options.tcpPorts[options.shard];
  if (tcpPort === undefined) throw new Error(`BUG: no port for shard ${options.shard}`);
  return {
    // Without our environment: what it holds is no business of whoever asks the server.
    command: '/usr/bin/env',
    args: [
      '-i',
      process.execPath,
      childScript(),
      libraryPath(),
      `--path=${data}`,
      `--config-file=${config}`,
      '--listen_host=127.0.0.1',
      `--http_port=${options.httpPort}`,
      `--tcp_port=${tcpPort}`,
      '--log-level=warning',
      // See pseudo-terminal.ts: errors of one connection stay its own.
      '--interactive',
      `--query=${KEEP_ALIVE}`,
    ],
  };
}

/** Whether the server at `url` answers. */
export async function isServerReady(url: string): Promise<boolean> {
  try {
    const response = await fetch(`${url}/ping`, { signal: AbortSignal.timeout(1_000) });
    return response.ok;
  } catch {
    return false;
  }
}

/** The child runs from dist/ also when this file is run from its source (tests). */
function childScript(): string {
  const here = fileURLToPath(import.meta.url);
  const built = here.replace(/([\\/])src([\\/]store[\\/])/, '$1dist$2').replace(/\.ts$/, '.js');
  return join(dirname(built), 'server.child.js');
}

function libraryPath(): string {
  const require = createRequire(import.meta.url);
  const libc = process.platform === 'linux' ? '-gnu' : '';
  const name = `@chdb/lib-${process.platform}-${process.arch}${libc}`;
  try {
    return join(dirname(require.resolve(`${name}/package.json`)), 'libchdb.so');
  } catch (cause) {
    throw new AtbdError({
      code: 'PLATFORM_UNSUPPORTED',
      message: `cannot find the embedded ClickHouse for ${process.platform} ${process.arch} (${name})`,
      hint: 'Install without --omit=optional (other platforms: npm install that package), or use a context whose store is a ClickHouse of yours: atbd context set --help',
      cause,
    });
  }
}
