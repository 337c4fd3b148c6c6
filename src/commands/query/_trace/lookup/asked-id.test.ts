import { describe, expect, it } from 'vitest';
import { notFound, readAskedId, unknown } from './asked-id.js';

const NOTHING = {
  word: undefined,
  op: undefined,
  order: undefined,
  session: undefined,
  user: undefined,
  span: undefined,
};

describe('the ID that is asked for', () => {
  it.each([
    [{ word: ' x-1 ' }, { kind: 'any', id: 'x-1' }],
    [{ word: 'find' }, { kind: 'any', id: 'find' }],
    [{ op: 'x' }, { kind: 'op_id', id: 'x' }],
    [{ order: 'x' }, { kind: 'order_id', id: 'x' }],
    [{ session: 'x' }, { kind: 'session_id', id: 'x' }],
    [{ user: 'x' }, { kind: 'user_id', id: 'x' }],
    [{ span: 'x' }, { kind: 'span_id', id: 'x' }],
  ])('of %j is %j', (input, expected) => {
    expect(readAskedId({ ...NOTHING, ...input })).toEqual(expected);
  });

  it.each([
    [{}, 'cannot show a trace without an ID'],
    [{ word: '  ' }, 'cannot look for an empty ID'],
    [{ user: '' }, 'cannot look for an empty ID'],
    [{ word: 'a', order: 'b' }, 'cannot look for "a" and "b": give one ID at a time'],
    [{ op: 'a', user: 'a' }, 'cannot look for "a" and "a": give one ID at a time'],
  ])('is refused as %j', (input, message) => {
    expect(() => readAskedId({ ...NOTHING, ...input })).toThrow(message);
  });

  it('names every field that was looked at when nothing was found', () => {
    expect(notFound({ kind: 'any', id: 'x' }).message).toBe(
      'cannot find an event with op_id, order_id, session_id, user_id or span_id "x" in the hot data',
    );
    expect(unknown({ kind: 'user_id', id: 'x' }, [0, 2]).message).toBe(
      'cannot say whether there is an event with user_id "x": shard 0, shard 2 did not answer',
    );
  });
});
