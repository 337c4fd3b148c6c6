import { describe, expect, it } from 'vitest';
import { FAULT_KINDS } from '../../../engine/generate/fault/fault.js';
import { AtbdError } from '../../../engine/model/error.js';
import { parseFaultFlag } from './fault-flags.js';

const HINT = `Write for example provider-down:provider=acme,at=10m,for=5m. Kinds: ${FAULT_KINDS.join(', ')}.`;

describe('the text of --fault', () => {
  it.each([
    [
      'provider-down:provider=acme,at=10m,for=5m',
      { kind: 'provider-down', provider: 'acme', fromMs: 600_000, toMs: 900_000 },
    ],
    ['late', { kind: 'late', share: 0.05, by: 45_000, fromMs: 0, toMs: Infinity }],
    ['late:', { kind: 'late', share: 0.05, by: 45_000, fromMs: 0, toMs: Infinity }],
    [
      'late:share=5.5%,by=1m30s,at=90000',
      { kind: 'late', share: 0.055, by: 90_000, fromMs: 90_000, toMs: Infinity },
    ],
    [
      'clock-skew:service=payment,by=-90s,for=0',
      { kind: 'clock-skew', service: 'payment', by: -90_000, fromMs: 0, toMs: 0 },
    ],
    [
      'clock-skew:service=payment,by=-90000',
      { kind: 'clock-skew', service: 'payment', by: -90_000, fromMs: 0, toMs: Infinity },
    ],
    [
      'hammering-user:operation=cancel,perSecond=0.5',
      {
        kind: 'hammering-user',
        operation: 'cancel',
        perSecond: 0.5,
        fromMs: 0,
        toMs: Infinity,
      },
    ],
  ])('%s', (text, fault) => {
    expect(parseFaultFlag(text)).toEqual(fault);
  });

  it.each([
    ['', 'there is no such kind of fault', ''],
    ['zzz', 'there is no such kind of fault', ''],
    [
      'provider-dwn:provider=acme',
      'there is no such kind of fault',
      'Did you mean provider-down? ',
    ],
    [
      'provider-down',
      'provider: Invalid option: expected one of "acme"|"paybridge"|"nordwire"|"zenpay"',
      '',
    ],
    [
      'provider-down:provider=stripe',
      'provider: Invalid option: expected one of "acme"|"paybridge"|"nordwire"|"zenpay"',
      '',
    ],
    ['late:share=5', 'share: Too big: expected number to be <=1', ''],
    ['late:share=', 'share: Invalid input: expected number, received string', ''],
    ['late:by=soon', 'by: is no duration: write for example 45s, 10m or 1h30m', ''],
    ['late:at=-5m', 'at: is no duration: write for example 45s, 10m or 1h30m', ''],
    ['late:for=1.5', 'for: is no duration: write for example 45s, 10m or 1h30m', ''],
    ['late:by=2h', 'by: must be at most 1h', ''],
    ['clock-skew:service=order,by=x', 'by: is no duration: write for example -90s or 5m', ''],
    ['refund-ring:every=0', 'every: must be at least 1s', ''],
    ['provider-flapping:provider=acme,every=999ms', 'every: must be at least 1s', ''],
    ['refund-ring:users=2.5', 'users: Invalid input: expected int, received number', ''],
    ['poison:shar=3%', 'Unrecognized key: "shar"', ''],
    ['poison:__proto__=3', 'Unrecognized key: "__proto__"', ''],
    ['poison:share', '"share" is not of the form name=value', ''],
    ['poison:=3', '"=3" is not of the form name=value', ''],
    ['poison:share=3%,', '"" is not of the form name=value', ''],
    ['poison:share=3%,share=4%', '"share" is given twice', ''],
    ['late:kind=poison', '"kind" is given twice', ''],
  ])('refuses %s', (text, what, hint) => {
    let refusal: unknown;
    try {
      parseFaultFlag(text);
    } catch (error) {
      refusal = error;
    }
    expect(refusal).toBeInstanceOf(AtbdError);
    expect(refusal).toMatchObject({
      code: 'USAGE_INVALID',
      message: `cannot use --fault ${JSON.stringify(text)}: ${what}`,
      hint: hint + HINT,
    });
  });
});
