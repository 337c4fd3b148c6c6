import { describe, expect, it } from 'vitest';
import { createRandom } from '../../../../engine/model/random.js';
import { type Histogram, KillPlan, STEERED } from './kill-plan.js';

const NOTHING: Histogram = {
  'intent → insert': 0,
  'between views': 0,
  'insert → commit': 0,
  idle: 0,
};
const ENOUGH: Histogram = {
  ...NOTHING,
  'intent → insert': 20,
  'between views': 20,
  'insert → commit': 20,
};

function planOf(seed: number, options: { canKillQueue?: boolean } = {}): KillPlan {
  const { canKillQueue = true } = options;
  return new KillPlan({ killCount: 200, random: createRandom(seed), canKillQueue, hitsMin: 20 });
}

describe('KillPlan', () => {
  it('is the same for the same seed and another one for another', () => {
    expect(planOf(1).schedule).toEqual(planOf(1).schedule);
    expect(planOf(1).schedule).not.toEqual(planOf(2).schedule);
  });

  it('has every kind of hit in each twenty-five', () => {
    const kinds = planOf(3).schedule.map(({ kind }) => kind);
    expect(kinds).toHaveLength(200);
    for (let at = 0; at < 200; at += 25) expect(new Set(kinds.slice(at, at + 25)).size).toBe(6);
  });

  it('leaves a queue alone that is no process', () => {
    const kinds = planOf(3, { canKillQueue: false }).schedule.map(({ kind }) => kind);
    expect(kinds).toHaveLength(200);
    expect(kinds).not.toContain('queue killed');
  });

  it('ends after its schedule when each step was hit often enough', () => {
    const plan = planOf(4);
    for (const hit of plan.schedule) expect(plan.next(NOTHING)).toBe(hit);
    expect(plan.next(ENOUGH)).toBeUndefined();
  });

  it.each(STEERED)('goes on with what hits %s as long as it is lacking', (step) => {
    const plan = planOf(5);
    for (const _ of plan.schedule) plan.next(NOTHING);
    const moments = {
      'intent → insert': 'asked',
      'between views': 'part',
      'insert → commit': 'answered',
    };
    for (let count = 0; count < 3; count += 1)
      expect(plan.next({ ...ENOUGH, [step]: 19 })?.moment).toBe(moments[step]);
  });
});
