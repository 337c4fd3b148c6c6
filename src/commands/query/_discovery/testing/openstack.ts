import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { BatchSender } from '../../../../engine/edge/batch-sender.js';
import { createParseTime } from '../../../../engine/edge/parse-time.js';
import { newLineCounts, pumpLines } from '../../../../engine/edge/pump-lines.js';
import { formatOf } from '../../../../engine/edge/recognise-format.js';
import type { Event } from '../../../../engine/model/event.js';
import { hasPart } from '../../../../engine/testing/required-part.js';
import { UTC } from '../../../../engine/time/zone.js';

const SAMPLE = fileURLToPath(
  new URL('../../../../../../shared/data/openstack/openstack_2k.log', import.meta.url),
);

/** Whether the real log is there. */
export const hasOpenstack = hasPart('sample data', existsSync(SAMPLE), 'it lies in ../shared/data');

/** Its 2,000 lines as events, as `atbd ingest` maps them; times are those of the log. */
export async function openstackEvents(): Promise<Event[]> {
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
