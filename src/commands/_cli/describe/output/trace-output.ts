import { z } from 'zod';
import { count, missingShards, moment } from './common.js';
import { storedEvent } from './event-output.js';

const ms = z.number().describe('Milliseconds.');

const action = {
  opId: z.string(),
  start: moment,
  durationMs: ms,
  operation: z.string(),
  orderId: z.string(),
  outcome: z.string(),
  services: z.array(z.string()).describe('In the order of their first event.'),
  eventCount: count,
  errorCount: count,
  failureCount: count.describe('Events that failed without being logged as an error.'),
};

const gap = z.strictObject({ start: moment, gapMs: ms });

const selfTime = z.strictObject({
  services: z.array(z.strictObject({ name: z.string(), selfMs: ms })),
  spans: z.array(
    z.strictObject({
      spanId: z.string().nullable(),
      service: z.string(),
      operation: z.string().nullable(),
      selfMs: ms,
    }),
  ),
  outsideMs: ms.describe('Of no span.'),
});

const retries = z.strictObject({
  service: z.string(),
  operation: z.string().nullable(),
  provider: z.string().nullable(),
  orderId: z.string().nullable(),
  spanIds: z.array(z.string().nullable()),
  outcomes: z.array(z.string()),
  hasRecovered: z.boolean(),
  totalMs: ms,
  waitedMs: ms,
});

const cut = { eventCount: count, isTruncated: z.boolean(), missingShards };

const trace = z.strictObject({
  id: z.string(),
  start: moment,
  durationMs: ms,
  services: z.array(z.strictObject({ name: z.string(), eventCount: count, problemCount: count })),
  spanCount: count,
  errorCount: count,
  failureCount: count,
  warnCount: count,
  firstProblem: storedEvent.nullable(),
  gaps: z.array(gap).describe('Longest times without an event.'),
  criticalPath: selfTime.nullable(),
  retries: z.array(retries),
  ...cut,
});

const order = z.strictObject({
  id: z.string(),
  start: moment,
  durationMs: ms,
  attempts: z.array(
    z.strictObject({
      ts: moment,
      opId: z.string(),
      attempt: z.int().nullable(),
      provider: z.string(),
      status: z.string(),
    }),
  ),
  actions: z.array(
    z.strictObject({ ...action, gapMs: ms.nullable().describe('From the action before.') }),
  ),
  actionCount: count,
  ...cut,
});

const around = z
  .strictObject({
    from: moment,
    to: moment,
    places: z.array(
      z.strictObject({
        service: z.string(),
        place: z.string().nullable(),
        placeCount: count,
        eventCount: count,
        errorCount: count,
        failureCount: count,
        warnCount: count,
        infoCount: count,
        debugCount: count,
      }),
    ),
    problems: z.array(
      z.strictObject({
        service: z.string(),
        level: z.string(),
        message: z.string(),
        file: z.string(),
        line: z.int().nullable(),
        count,
        ownCount: count,
        actionCount: count,
        first: moment,
        last: moment,
      }),
    ),
    changes: z.array(storedEvent),
  })
  .optional()
  .describe('With --around: what else happened in these services.');

const events = z.array(storedEvent);
const actions = z.array(z.strictObject(action));

/** One action, an order, or the actions of a session or a user. */
export const traceOutput = z.union([
  z.strictObject({ trace, around, events }),
  z.strictObject({ order, around, events }),
  z.strictObject({
    by: z.strictObject({ field: z.string(), id: z.string() }),
    actionCount: count,
    isTruncated: z.boolean(),
    missingShards,
    actions,
  }),
]);

export const foundActions = z.strictObject({
  actionCount: count,
  isTruncated: z.boolean(),
  missingShards,
  actions,
});
