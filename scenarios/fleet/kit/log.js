import path from 'node:path';
import { fileURLToPath } from 'node:url';
import pino from 'pino';

const FLEET_DIR = fileURLToPath(new URL('..', import.meta.url));
const FRAME = /\(?file:\/\/(?<path>.+?):(?<line>\d+):\d+\)?$/u;

/**
 * The service's logger: pino as it comes (level number, time, pid, hostname, name, msg, err with its
 * stack), and a mixin that adds the source file and line of each call, as pino has none. Writes to
 * the file named by LOG_FILE, or to stdout.
 */
export function createLog(name) {
  const destination = pino.destination({ dest: process.env.LOG_FILE ?? 1, sync: true });
  return pino({ name, level: 'debug', mixin: callSite, timestamp: timeField }, destination);
}

/** Set while `logFrom` runs; undefined for every other line. */
let startedMs;

/**
 * Writes a line that carries the time at which something began. A request is logged when it is
 * done and its duration is known, but a trace needs its start.
 */
export function logFrom(beganMs, write) {
  startedMs = beganMs;
  try {
    write();
  } finally {
    startedMs = undefined;
  }
}

function timeField() {
  return `,"time":${startedMs ?? Date.now()}`;
}

/** File (relative to scenarios/fleet) and line of the service's own code that logs. */
function callSite() {
  for (const frame of new Error('call site').stack.split('\n').slice(1)) {
    const { path: file, line } = FRAME.exec(frame)?.groups ?? {};
    if (file === undefined || file.includes('/node_modules/') || file.endsWith('/kit/log.js')) {
      continue;
    }
    return { file: path.relative(FLEET_DIR, decodeURI(file)), line: Number(line) };
  }
  return {};
}
