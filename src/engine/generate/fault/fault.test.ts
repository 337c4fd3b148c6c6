import { describe, expect, it } from 'vitest';
import { activeAt, FAULT_KINDS, faultSchema } from './fault.js';

/** What a kind cannot do without. */
const NEEDED: Readonly<Record<string, unknown>> = { provider: 'acme', service: 'order' };

/** The least that one must say of a kind: found by asking. */
function leastOf(kind: string): Record<string, unknown> {
  const input: Record<string, unknown> = { kind };
  const missing =
    faultSchema.safeParse(input).error?.issues.map(({ path }) => path.join('.')) ?? [];
  for (const name of missing) input[name] = NEEDED[name];
  return input;
}

describe('a fault', () => {
  it.each(FAULT_KINDS)('of kind %s can be had with little more than its name', (kind) => {
    expect(faultSchema.parse(leastOf(kind))).toMatchObject({ kind, fromMs: 0, toMs: Infinity });
    expect(faultSchema.safeParse({ ...leastOf(kind), strange: 1 }).success).toBe(false);
  });

  it('is on from its beginning and no longer at its end', () => {
    const fault = faultSchema.parse({ kind: 'late', at: '1s', for: 500 });
    const moments = [999_999, 1_000_000, 1_499_999, 1_500_000];
    expect(moments.map((atUs) => activeAt(fault, atUs))).toEqual([false, true, true, false]);
  });
});
