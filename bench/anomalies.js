// How often `atbd query anomalies` is right: shops of nine days, in the last of which known things go wrong, and one in which
// nothing does. Precision: of what is found, how much lies in the time of something that went wrong. Recall: of what went
// wrong, how much is found with the right name. npm run bench -- anomalies [events a second] [seed …]; quiet-7 is the seed of a
// week in which nothing goes wrong.
import { compileJourneys, SHOP_JOURNEYS } from '../dist/engine/journey/journeys.js';
import { MATCH_ALL } from '../dist/engine/model/filter.js';
import { createShop } from '../dist/engine/generate/create-shop.js';
import { faultOf, smallSpec } from '../dist/engine/generate/testing/run-shop.js';
import { UTC } from '../dist/engine/time/zone.js';
import { readAnomalies } from '../dist/commands/query/_anomalies/read-anomalies.js';
import { ShopTopic } from '../dist/commands/query/_question/testing/shop-topic.js';
import { startTestStore } from '../dist/store/testing/test-store.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const DAYS = 9;
const FROM_MS = Date.UTC(2026, 9, 5);
const LAST_DAY_MS = FROM_MS + (DAYS - 1) * DAY_MS;
const BATCH_SIZE = 60_000;
const QUIET = 'quiet-';

/** What goes wrong on the last day, and how it must be called. `after`: how long its consequences last. */
const TROUBLES = [
  {
    fault: { kind: 'provider-down', provider: 'acme', for: '1h' },
    atHour: 9,
    isFoundBy: ({ what, who }) => what === 'failed attempts' && who === 'acme',
    afterMs: 90 * 60_000,
  },
  {
    fault: { kind: 'bad-deploy', service: 'catalogue', share: 0.3, for: '1h' },
    atHour: 12,
    isFoundBy: ({ what, who }) =>
      (what === 'errors' || what === 'failed requests') && who === 'catalogue',
    afterMs: 0,
  },
  {
    fault: { kind: 'service-silent', service: 'identity', for: '1h' },
    atHour: 14,
    isFoundBy: ({ what, who, score }) => what === 'events' && who === 'identity' && score < 0,
    afterMs: 0,
  },
  {
    fault: { kind: 'crowd', factor: 6, for: '1h' },
    atHour: 16,
    isFoundBy: ({ what, who }) => what === 'facts' && who === 'page.view',
    afterMs: 90 * 60_000,
  },
  {
    fault: { kind: 'hammering-user', operation: 'view', perSecond: 1, for: '10m' },
    atHour: 19,
    isFoundBy: ({ kind, who }, guilty) => kind === 'multitude' && guilty.includes(who),
    afterMs: 0,
  },
  {
    fault: { kind: 'refund-ring', users: 3, every: '10m', for: '2h' },
    atHour: 20,
    isFoundBy: ({ kind, who }, guilty) => kind === 'refunds' && guilty.includes(who),
    afterMs: 30 * 60_000,
  },
];

export default async function bench([rate = '1.5', ...seeds]) {
  const eventsPerSecond = Number(rate);
  const chosen = seeds.length === 0 ? ['301', '302', '303', `${QUIET}304`] : seeds;
  for (const seed of chosen) {
    const isQuiet = seed.startsWith(QUIET);
    const number = Number(isQuiet ? seed.slice(QUIET.length) : seed);
    await judgeShop(number, eventsPerSecond, isQuiet ? [] : TROUBLES);
  }
}

async function judgeShop(seed, eventsPerSecond, troubles) {
  const beginMs = troubles.map(({ atHour }) => LAST_DAY_MS + atHour * HOUR_MS);
  const faults = troubles.map(({ fault }, at) => faultOf({ ...fault, at: beginMs[at] - FROM_MS }));
  const testStore = await startTestStore({ shardCount: 3 });
  try {
    await judgeStored(testStore.store, { seed, eventsPerSecond, troubles, faults });
  } finally {
    await testStore[Symbol.asyncDispose]();
  }
}

async function judgeStored(target, { seed, eventsPerSecond, troubles, faults }) {
  const shop = createShop(
    smallSpec({
      seed,
      fromMs: FROM_MS,
      toMs: FROM_MS + DAYS * DAY_MS,
      eventsPerSecond,
      userCount: 3_000,
      isDiurnal: true,
      faults,
    }),
  );
  const count = await store(shop, target);
  const { anomalies, warmingUp } = await readAnomalies(
    target,
    {
      range: {
        fromNs: BigInt(LAST_DAY_MS) * 1_000_000n,
        toNs: BigInt(FROM_MS + DAYS * DAY_MS) * 1_000_000n,
      },
      filter: MATCH_ALL,
      journeys: compileJourneys(SHOP_JOURNEYS),
      zone: UTC,
      everyMs: 900_000,
      historyMs: 28 * DAY_MS,
    },
    { requireAll: true },
  );
  const guilty = shop.truth.guilty.map(({ userId }) => `user ${userId}`);
  const windows = faults.map(({ fromMs, toMs }, at) => ({
    fromMs: FROM_MS + fromMs,
    toMs: FROM_MS + toMs + troubles[at].afterMs,
  }));
  const isExplained = ({ fromMs, toMs }) =>
    windows.some((window) => fromMs < window.toMs && toMs > window.fromMs);
  const wrong = anomalies.filter((anomaly) => !isExplained(anomaly));
  const missed = troubles.filter(
    ({ isFoundBy }, at) =>
      !anomalies.some(
        (anomaly) =>
          isFoundBy(anomaly, guilty) &&
          anomaly.fromMs < windows[at].toMs &&
          anomaly.toMs > windows[at].fromMs,
      ),
  );
  const right = anomalies.length - wrong.length;
  console.log(
    `seed ${seed}, ${troubles.length === 0 ? 'a quiet week' : `${troubles.length} troubles`}, ${count} events: ` +
      `${anomalies.length} found, ${right} in the time of a trouble (precision ${share(right, anomalies.length)}); ` +
      `recall ${share(troubles.length - missed.length, troubles.length)}; ${warmingUp} series warming up`,
  );
  for (const { fault } of missed) console.log(`  missed: ${JSON.stringify(fault)}`);
  for (const { kind, what, who, fromMs, toMs, seen, expected, score } of wrong) {
    const times = [fromMs, toMs].map((ms) => new Date(ms).toISOString().slice(11, 16)).join('–');
    console.log(
      `  wrong: ${kind} ${what} ${who} ${times}: ${seen} for ${expected.toFixed(1)}, score ${score.toFixed(1)}`,
    );
  }
}

async function store(shop, target) {
  const topic = new ShopTopic(target, 'events');
  let batch = [];
  let count = 0;
  for (let untilMs = FROM_MS; ;) {
    untilMs += HOUR_MS;
    const goesOn = shop.advance(goesOnUntil(untilMs), (sending) => batch.push(sending));
    if (batch.length >= BATCH_SIZE || !goesOn) {
      count += batch.length;
      await topic.write(batch);
      batch = [];
    }
    if (!goesOn) return count;
  }
}

function goesOnUntil(ms) {
  return ms > FROM_MS + DAYS * DAY_MS ? Infinity : ms;
}

function share(part, whole) {
  return whole === 0 ? '-' : `${part}/${whole}`;
}
