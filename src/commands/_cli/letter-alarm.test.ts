import { describe, expect, it } from 'vitest';
import { letterAlarm, letterSpace } from './letter-alarm.js';

const GIBIBYTE = 1024 ** 3;

describe('the alarm of dead letters', () => {
  it('is silent below half of the limit', () => {
    expect(letterAlarm(letterSpace(GIBIBYTE / 2 - 1, GIBIBYTE))).toBeUndefined();
  });

  it.each([
    [GIBIBYTE / 2, 'Dead letters take 512 MiB, 50 % of their limit of 1.0 GiB.'],
    [3 * GIBIBYTE, 'Dead letters take 3.0 GiB, 300 % of their limit of 1.0 GiB.'],
  ])('says at %i bytes how far it is, and what to do', (bytes, said) => {
    const alarm = letterAlarm(letterSpace(bytes, GIBIBYTE));
    expect(alarm).toContain(said);
    expect(alarm).toContain('atbd dlq ls');
    expect(alarm).toContain('atbd dlq drop');
  });
});
