import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { BatchSender } from '../../../../engine/edge/batch-sender.js';
import { createParseTime } from '../../../../engine/edge/parse-time.js';
import { newLineCounts, pumpLines } from '../../../../engine/edge/pump-lines.js';
import { formatOf } from '../../../../engine/edge/recognise-format.js';
import type { Event } from '../../../../engine/model/event.js';
import { hasPart } from '../../../../engine/testing/required-part.js';
import { UTC } from '../../../../engine/time/zone.js';
import type { Store } from '../../../../store/clickhouse/store.js';
import { writeEvents } from '../../../../store/testing/write-events.js';
import type { OracleEvent } from '../../_question/testing/shop-cases.js';

const SAMPLE = fileURLToPath(
  new URL('../../../../../../shared/data/openstack/openstack_2k.log', import.meta.url),
);

/** Whether the real log is there. */
export const hasOpenstack = hasPart('sample data', existsSync(SAMPLE), 'it lies in ../shared/data');

const DAY_NS = 86_400_000_000_000n;
const NS_PER_MS = 1_000_000n;
const FROM_NS = BigInt(Date.UTC(2017, 4, 16)) * NS_PER_MS;

/** The day that it is of. */
export const OPENSTACK_RANGE = { fromNs: FROM_NS, toNs: FROM_NS + DAY_NS };

/** Stores it in two partitions, on the first and on the last shard; gives each event with its place. */
export async function storeOpenstack(store: Store): Promise<OracleEvent[]> {
  const events = await openstackEvents();
  const half = Math.floor(events.length / 2);
  const placed: OracleEvent[] = [];
  for (const [partition, own] of [events.slice(0, half), events.slice(half)].entries()) {
    const shard = partition * (store.shardCount - 1);
    await writeEvents(store, own, { topic: 'openstack', partition, shard, isBackfill: true });
    for (const [offset, event] of own.entries()) {
      const tsNs = BigInt(Date.parse(event.ts ?? '')) * NS_PER_MS;
      placed.push({ event, tsNs, partition, offset });
    }
  }
  return placed;
}

/** Its 2,000 lines as events, as `atbd ingest` maps them; times are those of the log. */
async function openstackEvents(): Promise<Event[]> {
  const events: Event[] = [];
  const producer = {
    send: (_topic: string, batch: readonly { readonly value: string | Buffer | null }[]) => {
      events.push(...batch.map(({ value }) => JSON.parse(String(value)) as Event));
      return Promise.resolve();
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  async function* source() {
    yield await Promise.resolve(readFileSync(SAMPLE));
  }
  await pumpLines(source(), {
    sender: new BatchSender(producer, 'events'),
    counts: newLineCounts(),
    chooseFormat: () => formatOf('openstack', createParseTime(UTC)),
    set: {},
    keyField: 'op_id',
    isMultiline: true,
    isBackfill: true,
    nowMs: 0,
    isCutShort: () => false,
    onOldTimes: () => undefined,
  });
  return events;
}
