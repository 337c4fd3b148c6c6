import { describe, expect, it } from 'vitest';
import { parseFilter, type FilterInput } from '../filter/filter.js';
import { nameHints, wantedNames, type KnownNames } from './name-hint.js';

const KNOWN: KnownNames = {
  values: new Map([
    ['service', ['cart', 'gateway', 'payment']],
    ['host', Array.from({ length: 11 }, (_, index) => `machine-${index}.example`)],
    ['unit', ['1', 'By', 'ms']],
    ['type', ['log', 'payment.attempt']],
  ]),
  attrKeys: ['region', 'http.status_code'],
};

function hints(input: FilterInput): string[] {
  return nameHints(wantedNames(parseFilter(input)), KNOWN);
}

describe('a hint at a name', () => {
  it.each<[string, FilterInput, string[]]>([
    [
      'that is nearly one',
      { anyOf: { service: ['paymnt'] } },
      ['No event of this time has the service "paymnt"; did you mean "payment"?'],
    ],
    [
      'in another case',
      { anyOf: { service: ['CART'] } },
      ['No event of this time has the service "CART"; did you mean "cart"?'],
    ],
    [
      'that is like none',
      { anyOf: { service: ['warehouse'] } },
      [
        'No event of this time has the service "warehouse"; there are "cart", "gateway", "payment".',
      ],
    ],
    [
      'that is like none of many',
      { anyOf: { host: ['x'] } },
      ['No event of this time has the host "x"; `atbd query values host` lists those.'],
    ],
    [
      'of a field that nothing has',
      { anyOf: { provider: ['acmepay'] } },
      ['No event of this time has a provider.'],
    ],
    [
      'of a condition',
      { conditions: ['unit=MS'] },
      ['No event of this time has the unit "MS"; did you mean "ms"?'],
    ],
    [
      'of a key like a field',
      { conditions: ['servce=x'] },
      ['"servce" was looked for in attrs; did you mean service?'],
    ],
    [
      'of a key like a key',
      { conditions: ['regoin~=eu'] },
      ['No event of this time has attrs."regoin"; did you mean "region"?'],
    ],
    [
      'of a key like none',
      { conditions: ['qqq?'] },
      ['No event of this time has attrs."qqq"; `atbd query fields` lists what there is.'],
    ],
  ])('%s', (_, input, expected) => {
    expect(hints(input)).toEqual(expected);
  });

  it.each<[string, FilterInput]>([
    ['that exists', { anyOf: { service: ['cart'] }, conditions: ['region=eu'] }],
    ['that must not be there', { conditions: ['service!=paymnt', 'servce!=x'] }],
    ['that is no name', { words: ['paymnt'], conditions: ['user_id=nobody', 'line=7'] }],
    ['that is empty', { conditions: ['provider='] }],
  ])('is not given at a name %s', (_, input) => {
    expect(hints(input)).toEqual([]);
  });

  it('names each that does not exist', () => {
    expect(hints({ anyOf: { service: ['cart', 'paymnt', 'gatway'] } })).toHaveLength(2);
  });
});
