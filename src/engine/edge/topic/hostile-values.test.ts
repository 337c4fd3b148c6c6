import { expect, it } from 'vitest';
import { VALUE_BYTES_MAX } from '../../model/limit.js';
import { ByteMutator } from '../../testing/fuzz/byte-mutator.js';
import { eventFaultOf } from '../../testing/fuzz/event-fault.js';
import { type FuzzRound, fuzzRounds } from '../../testing/fuzz/fuzz-plan.js';
import { VALID_VALUES } from '../../testing/fuzz/valid-values.js';
import { MAP_REASONS, type MappedRecord } from './mapped-record.js';
import { createTopicMappers } from './topic-mapper.js';
import type { TopicSpec } from './topic-spec.js';

const STRING_COUNT = 24_000;
const ROUND_SIZE = 2_000;

const SPECS: readonly Omit<TopicSpec, 'name'>[] = [
  { format: 'json', service: 'shop' },
  { format: 'debezium', columns: { id: 'order_id' }, types: { orders: 'order.placed' } },
  { format: 'otlp-json', serviceFromKey: true },
  { format: 'text', pattern: 'combined' },
  { format: 'text', pattern: 'openstack' },
  { format: 'text', pattern: String.raw`^(?<ts>\S+) (?<level>\w+) (?<__proto__>.*)$` },
];

/** What is wrong with what a value became. */
function faultOf(mapped: MappedRecord): string | undefined {
  if (mapped.kind === 'deadLetter')
    return MAP_REASONS.includes(mapped.reason) ? undefined : mapped.reason;
  if (mapped.values.length === 0) return 'neither an event nor a letter';
  return mapped.values.map(faultOfEvent).find((fault) => fault !== undefined);
}

/** The store must read it: what it cannot read is a letter with other bytes than came. */
function faultOfEvent(value: Buffer): string | undefined {
  if (value.length > VALUE_BYTES_MAX) return 'an event that is too large';
  return eventFaultOf(value.toString('utf8'));
}

function faultsOf({ seed, stringCount }: FuzzRound, spec: TopicSpec): string[] {
  const maps = [1, 2].map(() => createTopicMappers([spec]).get(spec.name)!);
  const mutator = new ByteMutator(VALID_VALUES[spec.format], seed);
  const faults: string[] = [];
  for (let count = 0; count < stringCount; count += 1) {
    const value = mutator.next();
    const record = { offset: 0n, timestampMs: 1, key: Buffer.from('k'), value, headers: undefined };
    const [first, second] = maps.map((map) => map(record));
    const fault = faultOf(first!);
    if (fault !== undefined) faults.push(`${fault} of ${value.toString('latin1')}`);
    if (count % 50 === 0) expect(second).toEqual(first);
  }
  return faults;
}

it('makes events or a dead letter of every mutated value, in each format, and throws for none', () => {
  for (const round of fuzzRounds(STRING_COUNT, ROUND_SIZE)) {
    const spec = { name: 'foreign', ...SPECS[round.seed % SPECS.length]! };
    const faults = faultsOf(round, spec);
    const where = `ATBD_FUZZ_SEED=${round.seed}, ${spec.format} ${spec.pattern ?? ''}`;
    expect(faults.slice(0, 5), where).toEqual([]);
  }
}, 600_000);
