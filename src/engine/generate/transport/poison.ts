/** A record that is no event, and the reason for which the store refuses it. */
export interface Poison {
  readonly reason: 'invalid_json' | 'not_an_object';
  readonly value: string | Buffer;
}

/** What real queues have been seen to hold. */
const POISONS: readonly Poison[] = [
  {
    reason: 'invalid_json',
    value: '{"ts":"2026-11-01T12:00:00.000Z","service":"payment","message":"char',
  },
  { reason: 'invalid_json', value: 'Error: connect ETIMEDOUT 10.20.0.11:5432' },
  {
    reason: 'invalid_json',
    value: Buffer.from([0x00, 0x00, 0x00, 0x01, 0xff, 0xfe, 0x80, 0x1b, 0x5b, 0x32]),
  },
  { reason: 'invalid_json', value: "{'service': 'order', 'level': 'info'}" },
  { reason: 'not_an_object', value: '["order","payment"]' },
  { reason: 'not_an_object', value: '"stopped"' },
  { reason: 'not_an_object', value: '42' },
];

export function poisonOf(hash: number): Poison {
  const poison = POISONS[hash % POISONS.length];
  if (poison === undefined) throw new Error('BUG: a hash is not negative');
  return poison;
}
