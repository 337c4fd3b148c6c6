import { fork } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const SERVICE_DIR = fileURLToPath(new URL('../service/', import.meta.url));

/** Those that log; the provider is somebody else's. In the order in which they need each other. */
export const SERVICES = ['payment', 'reservation', 'order', 'gateway'];

/**
 * Starts provider and services on free loopback ports, each logging to its own file in `logDir`.
 * The services end with this process, however it ends; `stop` ends them in order.
 */
export async function startFleet({ logDir, seed }) {
  const children = [];
  const urls = {};
  const start = async (name) => {
    const child = fork(path.join(SERVICE_DIR, `${name}.js`), {
      execArgv: [],
      env: { ...process.env, ...urls, FLEET_SEED: String(seed), LOG_FILE: logFile(logDir, name) },
    });
    children.push(child);
    const [message] = await Promise.race([
      once(child, 'message'),
      once(child, 'exit').then(([code]) => Promise.reject(startFailed(name, code))),
    ]);
    urls[`${name.toUpperCase()}_URL`] = `http://127.0.0.1:${message.port}`;
  };
  const stop = () => Promise.all(children.map(stopChild));
  try {
    for (const name of ['provider', ...SERVICES]) await start(name);
  } catch (error) {
    await stop();
    throw error;
  }
  const logFiles = SERVICES.map((service) => logFile(logDir, service));
  const pids = children.map(({ pid }) => pid);
  return { gatewayUrl: urls.GATEWAY_URL, services: SERVICES, logFiles, pids, stop };
}

function logFile(logDir, service) {
  return path.join(logDir, `${service}.log`);
}

function startFailed(name, code) {
  return new Error(`cannot start the ${name} service: it ended with exit code ${code}`);
}

async function stopChild(child) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.disconnect();
  await exited;
}
