import { createServer } from 'node:http';
import { actionOf, CallFailed } from './action.js';
import { logFrom } from './log.js';

const BODY_BYTES_MAX = 64 * 1024;

/**
 * Runs a service on a free loopback port and tells its parent the port. Each route is
 * `'/path': { operation, handle }`; `handle({ action, body, log })` gives the answer or throws.
 * Every request ends in one line with its span: who called whom, for what, how long, how it ended.
 * The service ends with its parent, however that ends.
 */
export function serve(log, routes) {
  const server = createServer((request, response) => {
    void answer({ request, response, log, route: routes[request.url] });
  });
  server.listen(0, '127.0.0.1', () => {
    const { port } = server.address();
    log.info(`listening on port ${port}`);
    process.send?.({ port });
  });
  // The channel closes when the parent is gone, even after its SIGKILL.
  process.on('disconnect', () => process.exit(0));
  // Ctrl-C reaches the whole terminal group; the parent ends its services in order.
  process.on('SIGINT', () => undefined);
}

async function answer({ request, response, log, route }) {
  const beganMs = Date.now();
  const began = performance.now();
  const action = actionOf(request.headers);
  const outcome = await outcomeOf({ request, log, action, route });
  const line = {
    kind: 'span',
    type: 'request',
    ...action,
    operation: route?.operation,
    ...outcome.facts,
    duration_ms: Number((performance.now() - began).toFixed(3)),
    status: outcome.status < 400 ? 'ok' : 'failed',
    http_status: outcome.status,
  };
  logFrom(beganMs, () => log.info(line, `POST ${request.url} ${outcome.status}`));
  // Last, so that whoever has the answer finds the line in the file.
  response.writeHead(outcome.status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(outcome.body));
}

async function outcomeOf({ request, log, action, route }) {
  if (route === undefined) return { status: 404, body: { error: 'no such route' } };
  let body = {};
  try {
    body = await readJson(request);
    const requestLog = log.child({ ...action, operation: route.operation, ...factsOf(body) });
    const result = await route.handle({ action, body, log: requestLog });
    return { status: 200, body: result, facts: factsOf({ ...body, ...result }) };
  } catch (error) {
    const isExpected = error instanceof CallFailed;
    if (!isExpected) log.error({ ...action, err: error }, 'BUG: the service itself failed');
    const status = isExpected ? error.status : 500;
    return { status, body: { error: error.reason ?? error.message }, facts: factsOf(body) };
  }
}

/** The business facts that are worth a field on every line of a request. */
function factsOf({ user_id, session_id, order_id, product_id }) {
  return { user_id, session_id, order_id, product_id };
}

async function readJson(request) {
  const parts = [];
  let bytes = 0;
  for await (const part of request) {
    bytes += part.length;
    if (bytes > BODY_BYTES_MAX) throw new CallFailed('request is too large', { status: 413 });
    parts.push(part);
  }
  return JSON.parse(Buffer.concat(parts).toString('utf8'));
}
