// What the services' own log files say, read by their text as `grep -c` would: nothing of atbd takes part.
import { readFile } from 'node:fs/promises';
import path from 'node:path';

/** pino's numbers, and the names atbd gives them. */
export const LEVELS = {
  10: 'trace',
  20: 'debug',
  30: 'info',
  40: 'warn',
  50: 'error',
  60: 'fatal',
};

const LEVEL = /^\{"level":(\d+),/u;

/** A type of ours has a dot, or is `request`; the type of an error (`"err":{"type":"CallFailed"`) is none. */
const TYPE = /"type":"(\w+\.\w+|request)"/u;
const STATUS = /"status":"(\w+)"/u;
const OP_ID = /"op_id":"(\w+)"/u;
const OPERATION = /"operation":"(\w+)"/u;
const MONEY = /"amount":"(\d+)\.(\d\d)","currency":"(\w+)"/u;

/** Calls `take` with the service and the text of each line. */
export async function eachLine(logFiles, take) {
  for (const logFile of logFiles) {
    const service = path.basename(logFile, '.log');
    const text = await readFile(logFile, 'utf8');
    for (const line of text.split('\n')) if (line !== '') take(service, line);
  }
}

export function levelOf(line) {
  return LEVELS[LEVEL.exec(line)?.[1]];
}

/** Everything that a story holds the store against: docs/scenarios.md, "Real services". */
export async function accountOf(logFiles) {
  const account = { total: 0, byService: {}, byLevel: {}, byType: {}, byTypeAndStatus: {} };
  const cents = {};
  const actions = new Map();
  await eachLine(logFiles, (service, line) => {
    const type = TYPE.exec(line)?.[1] ?? 'log';
    const status = STATUS.exec(line)?.[1];
    account.total += 1;
    count(account.byService, service);
    count(account.byLevel, levelOf(line));
    count(account.byType, type);
    if (status !== undefined) count(account.byTypeAndStatus, `${type} ${status}`);
    const [, whole, part, currency] = MONEY.exec(line) ?? [];
    if (whole !== undefined)
      count(cents, `${type} ${currency}`, Number(whole) * 100 + Number(part));
    noteAction(actions, service, line);
  });
  const amounts = Object.fromEntries(
    Object.entries(cents).map(([key, sum]) => [key, (sum / 100).toFixed(2)]),
  );
  return { ...account, amounts, actions: [...actions.values()] };
}

/** What the shopper wanted is what the gateway calls it: it is asked first. */
function noteAction(actions, service, line) {
  const opId = OP_ID.exec(line)?.[1];
  if (opId === undefined) return;
  const action = actions.get(opId) ?? { opId, operation: '', eventsByService: {} };
  actions.set(opId, action);
  count(action.eventsByService, service);
  if (service === 'gateway') action.operation = OPERATION.exec(line)?.[1] ?? action.operation;
}

function count(counts, key, added = 1) {
  counts[key] = (counts[key] ?? 0) + added;
}
