import { beforeAll, describe, expect, it } from 'vitest';
import type { Event } from '../../model/event.js';
import { countBy, groupBy, recount, type SentEvent } from '../testing/recount.js';
import { statedChains } from '../testing/recount-facts.js';
import { faultOf, RUN_FROM_MS, runShop, smallSpec, type ShopRun } from '../testing/run-shop.js';
import { FAULT_KINDS, type FaultKind } from './fault.js';

/** Every fault is on from one minute to two of a run that ends soon after. */
const ON = { at: '60s', for: '60s' };
const FROM_US = (RUN_FROM_MS + 60_000) * 1000;
const TO_US = FROM_US + 60_000_000;

const LOAD = { seconds: 125, eventsPerSecond: 90, userCount: 2_000 };

/** A run, and the part of it in which an effect is looked for. */
interface Seen {
  readonly run: ShopRun;
  /** All of the run. */
  readonly all: readonly SentEvent[];
  /** Said while the fault is on, or (to compare) before it. */
  readonly events: readonly SentEvent[];
  readonly fromUs: number;
}

type Row = readonly [
  kind: FaultKind,
  input: Readonly<Record<string, unknown>>,
  effect: string,
  isSeen: (seen: Seen) => boolean,
];

const MIB = 1024 * 1024;

/** What the containers of a service said of themselves. */
function metricsOf(service: string, metric: string, events: readonly SentEvent[]): number[] {
  return events
    .filter(({ event }) => event.service === service && event.metric === metric)
    .map(({ event }) => Number(event.value));
}

const ROWS: readonly Row[] = [
  [
    'provider-down',
    { provider: 'acme' },
    'no attempt succeeds: refused or without an answer',
    ({ events, fromUs }) => {
      // What was asked for before it went down may still be answered.
      const attempts = attemptsAt('acme', events).filter(({ atUs }) => atUs > fromUs + 1e6);
      const statuses = countBy(attempts, ({ event }) => event.status);
      return (
        attempts.length >= 10 &&
        statuses['ok'] === undefined &&
        (statuses['failed'] ?? 0) > 0 &&
        (statuses['timeout'] ?? 0) > 0 &&
        has(events, { message: 'cannot reach acme: connect ECONNREFUSED (attempt 1)' })
      );
    },
  ],
  [
    'provider-maintenance',
    { provider: 'paybridge' },
    'it is announced, and every attempt is answered by an error',
    ({ all, events, fromUs }) => {
      const attempts = attemptsAt('paybridge', events).filter(({ atUs }) => atUs > fromUs + 1e6);
      const announced = all.filter(({ event }) => event.type === 'provider.maintenance');
      return (
        attempts.length >= 5 &&
        attempts.every(({ event }) => event.status === 'failed') &&
        announced.map(({ event, atUs }) => [event.provider, event.status, atUs]).join() ===
          [
            ['paybridge', 'started', FROM_US],
            ['paybridge', 'ended', TO_US],
          ].join()
      );
    },
  ],
  [
    'provider-slow',
    { provider: 'acme' },
    'its answers take seconds',
    ({ events }) => medianMs(callsTo('acme', events)) > 1_000,
  ],
  [
    'provider-overloaded',
    { provider: 'acme' },
    'its answers take long or are not waited for',
    ({ events }) => medianMs(callsTo('acme', events)) > 5_000,
  ],
  [
    'provider-flapping',
    { provider: 'acme', every: '20s' },
    'every ten seconds it is down, and every ten seconds it is well',
    ({ events, fromUs }) => {
      const isBad = ({ atUs }: SentEvent): boolean => ((atUs - fromUs) / 1e6) % 20 < 10;
      const share = (attempts: SentEvent[]): number =>
        attempts.filter(({ event }) => event.status === 'ok').length / attempts.length;
      // A span begins when the provider is asked.
      const calls = callsTo('acme', events);
      const [bad, good] = [calls.filter(isBad), calls.filter((call) => !isBad(call))];
      return bad.length >= 5 && share(bad) === 0 && good.length >= 5 && share(good) > 0.7;
    },
  ],
  [
    'service-errors',
    { service: 'payment' },
    'a third of its requests fail, with a line that names its source',
    ({ events }) => {
      const spans = events.filter(
        ({ event }) => event.type === 'request' && isOf('payment', event) && !event.provider,
      );
      const failed = spans.filter(({ event }) => event.status === 'error');
      const line = { level: 'error', file: 'src/store/charge-table.ts', line: 97 };
      return failed.length / spans.length > 0.15 && has(events, { service: 'payment', ...line });
    },
  ],
  [
    'service-leak',
    { service: 'order', megabytesPerMinute: 200 },
    'its containers take more and more memory, up to their bound',
    ({ events }) => Math.max(...metricsOf('order', 'container.memory.usage', events)) > 400 * MIB,
  ],
  [
    'service-cpu',
    { service: 'payment', load: 0.97 },
    'its containers are busy, and their answers take long',
    ({ events }) => metricsOf('payment', 'container.cpu.utilization', events).includes(0.97),
  ],
  [
    'service-restarts',
    { service: 'order', every: '20s' },
    'callers cannot connect to one of its pods',
    ({ events }) => has(events, { message: /^connect ECONNREFUSED order-\S+:8080$/u }),
  ],
  [
    'service-silent',
    { service: 'catalogue' },
    'nothing of it is sent',
    ({ events }) => !has(events, { service: 'catalogue' }),
  ],
  [
    'bad-deploy',
    { service: 'reservation', share: 0.5 },
    'a deployment is announced, and new pods fail at a place that never failed',
    ({ all, events }) => {
      const bug = events.find(({ event }) => event.file === 'src/hold/expire-hold.ts')?.event;
      const deploys = all.filter(({ event }) => event.type === 'deploy').map(({ event }) => event);
      const [out, back] = deploys;
      const podsBefore = new Set(
        all.filter(({ atUs }) => atUs < FROM_US).map(({ event }) => event.pod),
      );
      return (
        bug?.level === 'error' &&
        bug.line === 52 &&
        !podsBefore.has(bug.pod) &&
        versionOf(bug) === versionOf(out) &&
        versionOf(out) !== versionOf(back) &&
        deploys.map(({ status }) => status).join() === 'rolled_out,rolled_back'
      );
    },
  ],
  [
    'hammering-user',
    { operation: 'cancel', perSecond: 5 },
    'the one who is named cancels five times a second, and nobody else does',
    ({ events, run }) => {
      const cancels = groupBy(
        events.filter(({ event }) => event.operation === 'cancel'),
        ({ event }) => event.user_id,
      );
      const actions = (group: readonly SentEvent[]): number =>
        new Set(group.map(({ event }) => event.op_id)).size;
      const users = [...cancels].filter(([, group]) => actions(group) > 4 * 60);
      return isGuilty(run, 'hammering-user', users);
    },
  ],
  [
    'refund-ring',
    { users: 4, every: '8s' },
    'those who are named buy and want their money back, again and again',
    ({ events, run }) => {
      const refunds = events.filter(({ event }) => event.type === 'refund.requested');
      const users = [...groupBy(refunds, ({ event }) => event.user_id)].filter(
        ([, group]) => group.length >= 2,
      );
      return isGuilty(run, 'refund-ring', users);
    },
  ],
  [
    'crowd',
    { factor: 6 },
    'several times as much happens',
    ({ events }) => events.length > 3 * 60 * LOAD.eventsPerSecond,
  ],
  [
    'double-click',
    { share: 1 },
    'every order is placed twice, and the second time refused',
    ({ events }) => {
      const refused = events.filter(({ event }) =>
        /is being placed already, second request refused$/u.test(event.message ?? ''),
      );
      const placed = events.filter(({ event }) => event.type === 'order.placed');
      return refused.length / placed.length > 0.8;
    },
  ],
  [
    'late',
    {},
    'a twentieth arrives 45 s after it was said',
    ({ events }) => {
      const late = events.filter(({ sendMs, saidUs }) => {
        return sendMs === Math.floor(saidUs / 1000) + 45_000;
      });
      return isAbout(late.length / events.length, 0.05);
    },
  ],
  [
    'duplicated',
    {},
    'one in fifty comes twice, to the byte, within two seconds',
    ({ events }) => {
      const copies = events.filter(({ isCopy }) => isCopy);
      const isSoon = ({ sendMs, saidUs }: SentEvent): boolean => sendMs - saidUs / 1000 <= 2_000;
      return copies.every(isSoon) && isAbout(copies.length / events.length, 0.02);
    },
  ],
  [
    'out-of-order',
    {},
    'a tenth comes after younger ones, by three seconds at most',
    ({ events }) => {
      let youngestUs = 0;
      let count = 0;
      for (const { saidUs, heldMs } of events) {
        if (saidUs < youngestUs - 1_000) count += 1;
        youngestUs = Math.max(youngestUs, saidUs);
        if (heldMs > 3_001) return false;
      }
      return isAbout(count / events.length, 0.1);
    },
  ],
  [
    'clock-skew',
    { service: 'payment', by: '-90s' },
    'what it says is 90 s behind what the others say at the same time',
    ({ run, fromUs }) => {
      const { events } = recount({ sendings: sentFrom(run, fromUs), spec: smallSpec() });
      const isBehind = ({ heldMs }: SentEvent): boolean => heldMs === 90_000;
      return (
        events.some(isBehind) && events.every((one) => isOf('payment', one.event) === isBehind(one))
      );
    },
  ],
  [
    'poison',
    { share: 0.02 },
    'one in fifty is followed by bytes that are no event, and the truth says why they are refused',
    ({ run, events, fromUs }) => {
      const { poison } = recount({ ...run, sendings: sentFrom(run, fromUs) });
      const count = Object.values(poison).reduce((sum, one) => sum + one, 0);
      const isSame = (reason: string): boolean => run.truth.sent.poison[reason] === poison[reason];
      return isAbout(count / events.length, 0.02) && Object.keys(poison).every(isSame);
    },
  ],
];

/** What is sent in the minute that begins then. */
function sentFrom({ sendings }: ShopRun, fromUs: number): ShopRun['sendings'] {
  const fromMs = fromUs / 1000;
  return sendings.filter(({ sendMs }) => sendMs >= fromMs && sendMs < fromMs + 60_000);
}

function isOf(service: string, event: Event): boolean {
  return event.service === service;
}

function attemptsAt(provider: string, events: readonly SentEvent[]): SentEvent[] {
  return events.filter(
    ({ event }) => event.type === 'payment.attempt' && event.provider === provider,
  );
}

/** The spans in which the shop waits for a provider. */
function callsTo(provider: string, events: readonly SentEvent[]): SentEvent[] {
  return events.filter(({ event }) => event.type === 'request' && event.provider === provider);
}

function medianMs(spans: readonly SentEvent[]): number {
  const durations = spans.map(({ event }) => event.duration_ms ?? 0);
  return durations.toSorted((one, other) => one - other)[Math.floor(spans.length / 2)] ?? 0;
}

function versionOf(event: Event | undefined): unknown {
  return event?.attrs?.['service.version'];
}

type Wanted = Readonly<Partial<Record<keyof Event, string | number | RegExp>>>;

/** Whether there is an event with all these fields. */
function has(events: readonly SentEvent[], wanted: Wanted): boolean {
  const fields = Object.entries(wanted) as [keyof Event, string | number | RegExp][];
  return events.some(({ event }) => fields.every(([name, value]) => isLike(event[name], value)));
}

function isLike(value: unknown, wanted: string | number | RegExp): boolean {
  if (wanted instanceof RegExp) return typeof value === 'string' && wanted.test(value);
  return value === wanted;
}

/** Whether the truth accuses exactly the users with a record like that. */
function isGuilty({ truth }: ShopRun, why: string, users: readonly [string, unknown][]): boolean {
  const accused = truth.guilty.filter((one) => one.why === why).map(({ userId }) => userId);
  return (
    accused.length > 0 &&
    accused.toSorted().join() ===
      users
        .map(([id]) => id)
        .toSorted()
        .join()
  );
}

function isAbout(share: number, expected: number): boolean {
  return Math.abs(share / expected - 1) < 0.35;
}

/** The minute that begins then. */
function seenFrom(run: ShopRun, all: readonly SentEvent[], fromUs: number): Seen {
  const toUs = fromUs + 60_000_000;
  const events = all.filter(({ saidUs }) => saidUs >= fromUs && saidUs < toUs);
  return { run, all, events, fromUs };
}

describe('the effect of a fault', () => {
  let calm: Seen;

  beforeAll(() => {
    const run = runShop(smallSpec(LOAD));
    calm = seenFrom(run, recount(run).events, FROM_US);
  });

  it('is shown for every kind', () => {
    expect(new Set(ROWS.map(([kind]) => kind))).toEqual(new Set(FAULT_KINDS));
  });

  it.each(ROWS)('%s %j: %s', (kind, input, _effect, isSeen) => {
    const run = runShop(smallSpec({ ...LOAD, faults: [faultOf({ kind, ...input, ...ON })] }));
    const all = recount(run).events;
    expect({
      whileOn: isSeen(seenFrom(run, all, FROM_US)),
      before: isSeen(seenFrom(run, all, FROM_US - 60_000_000)),
      without: isSeen(calm),
    }).toEqual({ whileOn: true, before: false, without: false });
  });

  it('is not blamed on anyone whose time never came', () => {
    const faults = [
      faultOf({ kind: 'hammering-user', at: '10m' }),
      faultOf({ kind: 'refund-ring', at: '10m' }),
    ];
    expect(runShop(smallSpec({ faults })).truth.guilty).toEqual([]);
  });

  it('does not change what the truth counts as sent, but for what a silent service kept back', () => {
    const silent = faultOf({ kind: 'service-silent', service: 'catalogue', ...ON });
    const { sent } = runShop(smallSpec({ ...LOAD, faults: [silent] })).truth;
    expect(sent.silenced).toBeGreaterThan(0);
    expect(sent.total + sent.silenced).toBe(calm.run.truth.sent.total);
  });
});

describe('an order that could not be paid', () => {
  it('is tried again at once, and after a minute, ten minutes and an hour under other op_ids', () => {
    const down = faultOf({ kind: 'provider-down', provider: 'acme', for: '30m' });
    const { facts } = runShop(smallSpec({ seconds: 7_200, eventsPerSecond: 4, faults: [down] }));
    const chain = statedChains(facts).find(
      ({ outcome, attempts }) => outcome === 'recovered' && attempts.length === 6,
    );
    const attempts = chain?.attempts ?? [];
    const gapsS = attempts.slice(1).map(({ atUs }, at) => (atUs - (attempts[at]?.atUs ?? 0)) / 1e6);
    const opIds = attempts.map(({ opId }) => opId);
    expect(attempts.map(({ attempt }) => attempt)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(attempts.at(-1)?.status).toBe('ok');
    expect(new Set(opIds.slice(0, 3)).size).toBe(1);
    expect(new Set(opIds).size).toBe(4);
    // A fifth more or less, and up to ten seconds until nobody waits for an answer any more.
    for (const [at, least, most] of [
      [0, 0.3, 10.5],
      [1, 1.2, 12],
      [2, 48, 82],
      [3, 480, 730],
      [4, 2_880, 4_330],
    ] as const) {
      expect(gapsS[at]).toBeGreaterThan(least);
      expect(gapsS[at]).toBeLessThan(most);
    }
  });
});
