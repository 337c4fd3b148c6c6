import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MATCH_ALL, type Filter } from '../../engine/model/filter.js';
import { formatRfc3339 } from '../../engine/model/timestamp.js';
import { openStore } from '../clickhouse/store.js';
import { startTestStore, type TestStore } from '../testing/test-store.js';
import { writeEvents } from '../testing/write-events.js';
import { readPresence } from './read-presence.js';
import {
  CASES,
  expectedOf,
  SESSIONS,
  writeCases,
  type PresenceCase,
} from './testing/presence-case.js';

/** What no roll-up can answer, and everything passes. */
const ANY_SERVICE: Filter = { kind: 'exists', field: { kind: 'field', name: 'service' } };

const MINUTE = 60_000_000_000n;

/** Questions under way at once. */
const WIDTH = 4;

describe.each([1, 3])('users on %i shards', (shardCount) => {
  let testStore: TestStore;
  beforeAll(async () => {
    testStore = await startTestStore({ shardCount });
    await writeCases(testStore, shardCount);
  });
  afterAll(async () => {
    await testStore[Symbol.asyncDispose]();
  });

  it.each([
    ['events', ANY_SERVICE, 0n],
    ['rollups', MATCH_ALL, 0n],
  ] as const)(
    `are what the words say, by the %s of ${CASES.length} cases`,
    async (source, filter, rolledUpFromNs) => {
      await using store = openStore(testStore.reader);
      const hold = async (one: PresenceCase): Promise<void> => {
        const { signs: _, ...question } = one;
        const asked = { ...question, rolledUpFromNs, filter, sessions: SESSIONS };
        const { intervals, probe, openFirstNs, ...rest } = await readPresence(store, asked, {});
        expect({ intervals, probe, openFirstNs }, one.name).toEqual(expectedOf(one));
        expect(rest).toEqual({ source, missingShards: [], isCut: false });
      };
      for (let at = 0; at < CASES.length; at += WIDTH)
        await Promise.all(CASES.slice(at, at + WIDTH).map(hold));
    },
    600_000,
  );

  it.each([null, CASES[0]!.range.fromNs])(
    'are not read from a roll-up that is complete from %s on',
    async (rolledUpFromNs) => {
      const { signs: _, ...question } = CASES[0]!;
      const asked = { ...question, rolledUpFromNs, filter: MATCH_ALL, sessions: SESSIONS };
      const { intervals, source } = await readPresence(testStore.store, asked, {});
      expect(intervals).toEqual(expectedOf(CASES[0]!).intervals);
      expect(source).toBe('events');
    },
  );
});

describe('a session that is longer than the question', () => {
  const START_NS = BigInt(Date.UTC(2026, 5, 1)) * 1_000_000n;
  let testStore: TestStore;
  beforeAll(async () => {
    testStore = await startTestStore({ shardCount: 1 });
    // A sign each 29 minutes, for ten hours and for three days; bought is at the very beginning and at the very end.
    const signs = (user_id: string, count: number) =>
      Array.from({ length: count }, (_, index) => ({
        ts: formatRfc3339(START_NS + BigInt(index) * 29n * MINUTE),
        user_id,
        operation: index === 0 || index === count - 1 ? 'buy' : 'view',
      }));
    await writeEvents(testStore.store, signs('long', 20), { topic: 'long' });
    await writeEvents(testStore.store, signs('robot', 150), { topic: 'robot' });
  });
  afterAll(async () => {
    await testStore[Symbol.asyncDispose]();
  });

  /** Ten minutes, so many hours after the start: between two signs. */
  function presence(userId: string, hours: number) {
    const fromNs = START_NS + BigInt(hours * 60) * MINUTE;
    const filter: Filter =
      userId === ''
        ? MATCH_ALL
        : { kind: 'text', field: { kind: 'field', name: 'user_id' }, values: [userId] };
    return readPresence(
      testStore.store,
      {
        range: { fromNs, toNs: fromNs + MINUTE },
        startsNs: [fromNs],
        probeNs: null,
        openSinceNs: null,
        rolledUpFromNs: null,
        filter,
        sessions: SESSIONS,
      },
      {},
    );
  }

  it.each([[1], [5], [9]])('is seen whole %i hours after its start', async (hours) => {
    const { intervals, isCut } = await presence('long', hours);
    expect(intervals).toMatchObject([{ buying: { count: 1 }, viewing: { count: 0 }, sessions: 1 }]);
    expect(isCut).toBe(false);
  });

  it('is over after its last sign and 30 seconds', async () => {
    const { intervals } = await presence('long', 10);
    expect(intervals).toMatchObject([{ total: { count: 0 }, users: 0, sessions: 0 }]);
  });

  it('is judged by a day on either side where it has no end, and that is said', async () => {
    const { intervals, isCut } = await presence('robot', 36);
    expect(intervals).toMatchObject([{ viewing: { count: 1 }, buying: { count: 0 } }]);
    expect(isCut).toBe(true);
  });

  it('does not hinder others', async () => {
    const { intervals } = await presence('', 5);
    expect(intervals).toMatchObject([{ total: { count: 2 }, users: 2, sessions: 2 }]);
  });
});
