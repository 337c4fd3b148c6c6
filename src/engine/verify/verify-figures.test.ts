import { describe, expect, it } from 'vitest';
import type { Clock } from '../model/clock.js';
import type { FiguresStore, HourDigest, HourRecount, OpenFrom } from '../model/verify-figures.js';
import { type FiguresReport, verifyFigures } from './verify-figures.js';

const HOUR = 3_600;
const RANGE = { from: 0, until: 10 * HOUR };

/** Figures and events of hours in memory; `onLook` is called before each read, so that tests can be the live traffic. */
class Shop implements FiguresStore {
  readonly shardCount = 1;
  readonly rollups = ['traffic_1m'];
  complete: number | null = 0;
  figures = new Map<number, HourDigest>();
  events = new Map<number, HourDigest>();
  openHours = new Set<number>();
  intents = new Set<string>();
  readonly eventCounts = new Map<number, number>();
  readonly asked: string[] = [];
  readonly opens: (readonly OpenFrom[])[] = [];
  onLook: (look: number, what: 'cut' | 'figures' | 'events') => void = () => undefined;
  #looks = 0;
  #slept = 0;

  constructor(hours: Readonly<Record<number, string>>) {
    for (const [hour, digest] of Object.entries(hours)) this.set(Number(hour), digest, digest);
  }

  set(hour: number, figures: string | undefined, events: string | undefined): void {
    put(this.figures, hour * HOUR, figures);
    put(this.events, hour * HOUR, events);
  }

  get clock(): Clock {
    return {
      nowMs: () => 0,
      sleep: () => {
        this.#slept += 1;
        return Promise.resolve();
      },
    };
  }

  get slept(): number {
    return this.#slept;
  }

  async report(range = RANGE): Promise<FiguresReport> {
    const takeCut = (): Promise<{ open: OpenFrom[]; intents: Set<string> }> => {
      this.#looks += 1;
      this.onLook(this.#looks, 'cut');
      const open = [{ topic: 'events', epoch: 1, partition: 0, position: BigInt(this.#looks) }];
      return Promise.resolve({ open, intents: new Set(this.intents) });
    };
    const { signal } = new AbortController();
    const reports = await verifyFigures(
      { range },
      { store: this, takeCut, clock: this.clock, signal },
    );
    return reports[0]!;
  }

  completeFrom(): Promise<number | null> {
    return Promise.resolve(this.complete);
  }

  listHours(): Promise<{ hour: number; eventCount: number }[]> {
    const hours = [...new Set([...this.figures.keys(), ...this.events.keys()])];
    return Promise.resolve(
      hours
        .sort((a, b) => a - b)
        .map((hour) => ({ hour, eventCount: this.eventCounts.get(hour) ?? 1 })),
    );
  }

  digestFigures(
    _at: unknown,
    range: { from: number; until: number },
  ): Promise<Map<number, HourDigest>> {
    this.onLook(this.#looks, 'figures');
    this.asked.push(`${range.from / HOUR}-${range.until / HOUR}`);
    return Promise.resolve(within(this.figures, range));
  }

  digestEvents(
    _at: unknown,
    { open, ...range }: { from: number; until: number; open: readonly OpenFrom[] },
  ): Promise<Map<number, HourRecount>> {
    this.onLook(this.#looks, 'events');
    this.opens.push(open);
    return Promise.resolve(
      new Map(
        [...within(this.events, range)].map(([hour, digest]) => [
          hour,
          { ...digest, openCount: this.openHours.has(hour) ? 1 : 0 },
        ]),
      ),
    );
  }

  listDifferences(
    _at: unknown,
    { from, limit }: { from: number; limit: number },
  ): Promise<{ minute: number; key: string; figures: number; events: number }[]> {
    const all = Array.from({ length: 60 }, (_, minute) => ({
      ...{ minute: from + 60 * minute, key: 'service=shop' },
      ...{ figures: 1, events: 2 },
    }));
    return Promise.resolve(all.slice(0, limit));
  }
}

function put(side: Map<number, HourDigest>, hour: number, digest: string | undefined): void {
  if (digest === undefined) side.delete(hour);
  else side.set(hour, { digest, total: 1, scale: 1 });
}

function within(
  side: ReadonlyMap<number, HourDigest>,
  { from, until }: { from: number; until: number },
): Map<number, HourDigest> {
  return new Map([...side].filter(([hour]) => hour + HOUR > from && hour < until));
}

const EQUAL = { unsettledHours: 0, wrongHours: 0, differences: [] };

describe('verifyFigures', () => {
  it('finds nothing where both sides say the same, and looks once', async () => {
    const shop = new Shop({ 1: 'a', 2: 'b' });
    expect(await shop.report()).toMatchObject({ ...EQUAL, equalHours: 2, comparedFrom: 0 });
    expect(shop.slept).toBe(0);
  });

  it.each([
    ['other figures', 'a', 'b'],
    ['figures without events', 'a', undefined],
    ['events without figures', undefined, 'b'],
  ])('calls an hour wrong that has %s, and only that', async (_, figures, events) => {
    const shop = new Shop({ 1: 'a', 3: 'c' });
    shop.set(2, figures, events);
    const report = await shop.report();
    expect(report).toMatchObject({ equalHours: 2, wrongHours: 1, unsettledHours: 0 });
    expect(report.differences[0]).toMatchObject({ minute: 2 * HOUR, figures: 1, events: 2 });
  });

  it('lets sums of floating-point numbers differ in their last digits alone', async () => {
    const shop = new Shop({ 1: 'a' });
    shop.figures.set(HOUR, { digest: 'a', total: 0.1 + 0.2, scale: 0.3 });
    shop.events.set(HOUR, { digest: 'a', total: 0.3, scale: 0.3 });
    expect(await shop.report()).toMatchObject({ ...EQUAL, equalHours: 1 });
    shop.events.set(HOUR, { digest: 'a', total: 0.300_001, scale: 0.3 });
    expect(await shop.report()).toMatchObject({ wrongHours: 1 });
  });

  it('waits for an insert that was under way', async () => {
    const shop = new Shop({});
    shop.set(1, 'without', 'with');
    shop.intents = new Set(['chunk 1']);
    shop.onLook = (look) => {
      if (look === 3) shop.set(1, 'with', 'with');
    };
    expect(await shop.report()).toMatchObject({ ...EQUAL, equalHours: 1 });
  });

  it('does not judge an hour while a chunk that was announced is not finished', async () => {
    const shop = new Shop({});
    shop.set(1, 'part', 'none');
    shop.intents = new Set(['chunk 1']);
    expect(await shop.report()).toMatchObject({ wrongHours: 0, unsettledHours: 1 });
  });

  it('judges it when the chunk was finished and another is announced', async () => {
    const shop = new Shop({});
    shop.set(1, 'a', 'b');
    shop.onLook = (look) => {
      shop.intents = new Set([`chunk ${look}`]);
    };
    expect(await shop.report()).toMatchObject({ wrongHours: 1, unsettledHours: 0 });
  });

  it('does not judge an hour with events that are not committed', async () => {
    const shop = new Shop({});
    shop.set(1, 'a', 'b');
    shop.openHours.add(HOUR);
    expect(await shop.report()).toMatchObject({ wrongHours: 0, unsettledHours: 1 });
    // Each look is told where the workers are by then.
    expect(shop.opens.map(([open]) => open?.position)).toEqual([1n, 2n, 3n, 4n, 5n, 6n]);
  });

  it('does not judge an hour whose figures change while the events are read', async () => {
    const shop = new Shop({});
    let inserts = 0;
    shop.set(1, 'figures 0', 'events');
    shop.onLook = (_, what) => {
      if (what !== 'events') return;
      inserts += 1;
      shop.set(1, `figures ${inserts}`, 'events');
    };
    expect(await shop.report()).toMatchObject({ wrongHours: 0, unsettledHours: 1 });
  });

  it('does not take two different states for one that is confirmed', async () => {
    const shop = new Shop({});
    shop.onLook = (look, what) => {
      if (what === 'cut') shop.set(1, `figures ${look}`, `events ${look}`);
    };
    expect(await shop.report()).toMatchObject({ wrongHours: 0 });
  });

  it('leaves out what came before the roll-up was complete, and says when it never was', async () => {
    const shop = new Shop({ 5: 'e' });
    shop.set(1, 'a', 'b');
    shop.complete = 4 * HOUR;
    expect(await shop.report()).toMatchObject({ ...EQUAL, equalHours: 1, comparedFrom: 4 * HOUR });
    shop.complete = null;
    expect(await shop.report()).toMatchObject({ ...EQUAL, equalHours: 0, comparedFrom: null });
  });

  it('asks for many events in parts, and for no more than the range', async () => {
    const shop = new Shop({ 1: 'a', 2: 'b', 3: 'c' });
    for (const hour of [1, 2, 3]) shop.eventCounts.set(hour * HOUR, 1_000_000);
    const range = { from: 1.5 * HOUR, until: 3.5 * HOUR };
    expect(await shop.report(range)).toMatchObject({ ...EQUAL, equalHours: 3 });
    expect([...new Set(shop.asked)]).toEqual(['1.5-3', '3-3.5']);
  });

  it('lists so many differences, and says that there are more', async () => {
    const shop = new Shop({});
    for (const hour of [1, 2, 3]) shop.set(hour, 'a', 'b');
    const report = await shop.report();
    expect(report).toMatchObject({ wrongHours: 3, isCutOff: true });
    expect(report.differences).toHaveLength(100);
  });
});
