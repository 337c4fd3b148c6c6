import { describe, expect, it } from 'vitest';
import { AtbdError } from '../../../engine/model/error.js';
import { createRandom } from '../../../engine/model/random.js';
import { meanOfEvents, parseStages } from './load-stage.js';
import { parseMix } from './query-mix.js';

/** `ms from-to from-to`: the duration, events and selects. */
const shown = (texts: readonly string[]): string[] =>
  parseStages(texts).map(
    ({ events, selects }) =>
      `${events.durationMs} ${events.fromPerSecond}-${events.toPerSecond} ${selects.fromPerSecond}-${selects.toPerSecond}`,
  );

function refusal(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (error instanceof AtbdError) return error.message;
    throw error;
  }
  throw new Error('it was accepted');
}

describe('parseStages', () => {
  it.each([
    ['holds', ['10s:events=100,selects=5'], ['10000 100-100 5-5']],
    ['ramps', ['10s:events=0-100,selects=5-2.5'], ['10000 0-100 5-2.5']],
    ['has only what it names', ['1m:selects=2'], ['60000 0-0 2-2']],
    [
      'goes on as the stage before ended',
      ['10s:events=0-100,selects=5', '30s', '5s:events=300', '1m30s: selects=1 , events=100-0'],
      ['10000 0-100 5-5', '30000 100-100 5-5', '5000 300-300 5-5', '90000 100-0 1-1'],
    ],
  ])('%s', (_title, texts, expected) => {
    expect(shown(texts)).toEqual(expected);
  });

  it.each([
    [['events=5'], 'cannot read --stage "events=5": it has no duration'],
    [['0s:events=5'], 'cannot read --stage "0s:events=5": it has no duration'],
    [[''], 'cannot read --stage "": it has no duration'],
    [['5s:event=5'], 'cannot read --stage "5s:event=5": "event=5" is no rate'],
    [['5s:events=-5'], 'cannot read --stage "5s:events=-5": "events=-5" is no rate'],
    [['5s:events=1e3'], 'cannot read --stage "5s:events=1e3": "events=1e3" is no rate'],
    [
      ['5s:events=2000000'],
      'cannot read --stage "5s:events=2000000": a rate is above 1000000 a second',
    ],
    [['25h:events=5'], 'cannot make this run: it is longer than 24 hours'],
    [
      ['1s:events=5', ...Array.from({ length: 100 }, () => '1s')],
      'cannot make this run: it has more than 100 stages',
    ],
    [['24h:events=1000000'], 'cannot make this run: it has more than 1000000000 requests'],
    [['10s'], 'cannot make this run: it has no request'],
  ])('refuses %j', (texts, message) => {
    expect(refusal(() => parseStages(texts))).toBe(message);
  });
});

describe('meanOfEvents', () => {
  it('weighs each stage by its length', () => {
    const stages = parseStages(['10s:events=0-100', '20s', '10s:events=300']);
    expect(meanOfEvents(stages)).toBe((500 + 2_000 + 3_000) / 40);
  });
});

describe('parseMix', () => {
  it('asks each kind as often as its weight says, and never what has none', () => {
    const random = createRandom(7);
    const pick = parseMix('trace=6, figures=2,tail=0');
    const counts: Record<string, number> = {};
    for (let index = 0; index < 8_000; index += 1) {
      const kind = pick(random);
      counts[kind] = (counts[kind] ?? 0) + 1;
    }
    expect(Object.keys(counts).sort()).toEqual(['figures', 'trace']);
    expect(counts['trace']).toBeGreaterThan(5_800);
    expect(counts['trace']).toBeLessThan(6_200);
  });

  it.each([
    ['trace', 'cannot read --mix "trace": "trace" is no kind with a weight'],
    ['trace=1,sql=2', 'cannot read --mix "trace=1,sql=2": "sql=2" is no kind with a weight'],
    ['trace=-1', 'cannot read --mix "trace=-1": "trace=-1" is no kind with a weight'],
    ['trace=0,tail=0', 'cannot read --mix "trace=0,tail=0": nothing has a weight'],
  ])('refuses %s', (text, message) => {
    expect(refusal(() => parseMix(text))).toBe(message);
  });
});
