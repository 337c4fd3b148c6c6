import { describe, expect, it } from 'vitest';
import { createParseTime } from '../../parse-time.js';
import { createDecodeChange } from './decode-change.js';

const parseTime = createParseTime({ offsetMsAt: () => 0 });
const decode = createDecodeChange({ name: 'cdc', format: 'debezium' }, parseTime);

const SOURCE = {
  version: '3.0.0.Final',
  connector: 'postgresql',
  name: 'shopdb',
  ts_ms: 1_795_470_590_910,
  ts_us: '1795470590910123',
  snapshot: 'false',
  db: 'shop',
  schema: 'public',
  table: 'orders',
  lsn: 24_023_128,
};
const ROW = { id: 7, user_id: 'u1', status: 'placed', amount: '19.90', note: null, coupon: 'X' };
const FACTS = {
  'change.op': 'c',
  'change.table': 'orders',
  'change.db': 'shop',
  'change.schema': 'public',
  'change.position': 24_023_128,
};
const CREATED = { before: null, after: ROW, source: SOURCE, op: 'c', ts_ms: 1_795_470_591_000 };

function eventOf(value: Record<string, unknown>, with_ = decode): unknown {
  const decoded = with_(value);
  return decoded.kind === 'events' ? [...decoded.events][0] : decoded.reason;
}

describe('a change of a row', () => {
  it('is a business record of its table, its time that of the commit', () => {
    expect(eventOf(CREATED)).toEqual({
      kind: 'record',
      type: 'orders.created',
      ts: '2026-11-23T21:49:50.910123Z',
      user_id: 'u1',
      status: 'placed',
      amount: '19.90',
      service: 'shopdb',
      attrs: { id: 7, coupon: 'X', ...FACTS },
    });
  });

  it.each([
    ['u', { before: { ...ROW, status: 'new' }, after: ROW }, 'orders.updated', 'placed'],
    ['d', { before: { ...ROW, status: 'new' }, after: null }, 'orders.deleted', 'new'],
    ['r', { before: null, after: ROW }, 'orders.read', 'placed'],
    ['t', {}, 'orders.truncated', undefined],
  ])('%s of %j is %s', (op, sides, type, status) => {
    const event = eventOf({ ...sides, source: SOURCE, op }) as Record<string, unknown>;
    expect({ type: event['type'], status: event['status'] }).toEqual({ type, status });
    const attrs = event['attrs'] as Record<string, unknown>;
    expect(attrs['change.before']).toEqual(op === 'u' ? { ...ROW, status: 'new' } : undefined);
  });

  it('is called what the settings call it, one kind of change before all of them', () => {
    const named = createDecodeChange(
      {
        ...{ name: 'cdc', format: 'debezium', service: 'order' },
        types: { 'orders.created': 'order.placed', orders: 'order.changed' },
        columns: { id: 'order_id' },
      },
      parseTime,
    );
    expect(eventOf(CREATED, named)).toMatchObject({ type: 'order.placed', order_id: 7 });
    expect(eventOf(CREATED, named)).not.toHaveProperty('service');
    expect(eventOf({ ...CREATED, op: 'u' }, named)).toMatchObject({ type: 'order.changed' });
  });

  it('reads decimals by the schema of the envelope, and those with a scale of their own', () => {
    const decimal = {
      ...{ type: 'bytes', name: 'org.apache.kafka.connect.data.Decimal', field: 'amount' },
      parameters: { scale: '2', 'connect.decimal.precision': '10' },
    };
    const schema = {
      type: 'struct',
      fields: [
        { field: 'before', type: 'struct', fields: [] },
        { field: 'after', type: 'struct', fields: [{ field: 'id', type: 'int32' }, decimal] },
      ],
    };
    const after = { amount: 'MDk=', fee: { scale: 3, value: '/w==' } };
    expect(eventOf({ schema, payload: { ...CREATED, after } })).toMatchObject({
      amount: '123.45',
      attrs: { fee: '-0.001' },
    });
    expect(eventOf({ ...CREATED, after })).toMatchObject({ amount: 'MDk=' });
  });

  it('of MongoDB is a text of JSON', () => {
    const source = { ...SOURCE, table: undefined, collection: 'carts' };
    expect(
      eventOf({ op: 'c', source, after: '{"user_id":"u2","_id":{"$oid":"5"}}' }),
    ).toMatchObject({
      type: 'carts.created',
      user_id: 'u2',
      attrs: { _id: { $oid: '5' } },
    });
  });

  it('keeps columns that look like something else where they do no harm', () => {
    const after = JSON.parse(
      '{"type":"a","ts":"b","kind":"c","attrs":"d","change.op":"e","__proto__":"f","orderId":"o"}',
    ) as Record<string, unknown>;
    const event = eventOf({ ...CREATED, after }) as { attrs: Record<string, unknown> };
    expect(event).toMatchObject({ type: 'orders.created', kind: 'record', order_id: 'o' });
    const { attrs } = event;
    expect(attrs).toMatchObject({
      type: 'a',
      ts: 'b',
      kind: 'c',
      attrs: 'd',
      'column.change.op': 'e',
    });
    expect(JSON.stringify(attrs)).toContain('"__proto__":"f"');
  });

  it('has the queue time where nobody says when it was', () => {
    const source = { ...SOURCE, ts_ms: 0, ts_us: undefined };
    expect(eventOf({ ...CREATED, source, ts_ms: undefined })).not.toHaveProperty('ts');
    expect(eventOf({ ...CREATED, source })).toMatchObject({ ts: '2026-11-23T21:49:51.000Z' });
  });
});

it.each([
  [{ schema: null, payload: null }, 'tombstone'],
  [{ payload: [1] }, 'not_a_change'],
  [{}, 'not_a_change'],
  [{ ...CREATED, op: 'm' }, 'not_a_change'],
  [{ ...CREATED, op: 'toString' }, 'not_a_change'],
  [{ ...CREATED, source: null }, 'not_a_change'],
  [{ ...CREATED, source: { table: 5 } }, 'not_a_change'],
  [{ ...CREATED, after: null }, 'not_a_change'],
  [{ ...CREATED, after: '[1]' }, 'not_a_change'],
])('%j is a dead letter: %s', (value, reason) => {
  expect(eventOf(value)).toBe(reason);
});
