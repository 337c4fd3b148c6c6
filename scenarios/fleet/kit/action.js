import { randomBytes } from 'node:crypto';

/** Header with the one ID of a shopper's action; every service hands it on and logs it as op_id. */
const ACTION_HEADER = 'x-request-id';

/** Header with the caller's span, so that the callee can name its parent. */
const SPAN_HEADER = 'x-span-id';

/** What is known of the action a request belongs to: the fields that every one of its log lines carries. */
export function actionOf(headers) {
  const parentId = headers[SPAN_HEADER];
  return {
    op_id: headers[ACTION_HEADER] ?? newId(16),
    span_id: newId(8),
    ...(parentId === undefined ? {} : { parent_id: parentId }),
  };
}

/** A span of its own below the action's present one, for a call to somebody who keeps no log of ours. */
export function childSpanOf(action) {
  return { span_id: newId(8), parent_id: action.span_id };
}

function newId(byteCount) {
  return randomBytes(byteCount).toString('hex');
}

/** The answer of another service that could not do what it was asked. */
export class CallFailed extends Error {
  name = 'CallFailed';

  constructor(message, { status, reason, cause } = {}) {
    super(message, { cause });
    this.status = status ?? 502;
    this.reason = reason;
  }
}

/**
 * POSTs JSON to another service on behalf of an action; gives its answer, or throws CallFailed, which
 * calls the other side `to`.
 */
export async function call(url, { to = new URL(url).pathname, action, body, timeoutMs = 10_000 }) {
  let response;
  try {
    response = await fetch(url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        [ACTION_HEADER]: action.op_id,
        ...(action.span_id === undefined ? {} : { [SPAN_HEADER]: action.span_id }),
      },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(timeoutMs),
    });
  } catch (cause) {
    if (cause.name !== 'TimeoutError') throw new CallFailed(`cannot reach ${to}`, { cause });
    throw new CallFailed(`no answer from ${to} within ${timeoutMs} ms`, { status: 504 });
  }
  const answer = await response.json();
  if (response.ok) return answer;
  const message = `${to} answered ${response.status}: ${answer.error}`;
  throw new CallFailed(message, { status: response.status, reason: answer.error });
}
