import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type LeasedPartition, planLeases } from './plan-leases.js';

/** Lets every member act in turn until nobody wants anything; returns the owner of each partition. */
function settle(memberIds: readonly string[], partitions: readonly LeasedPartition[]) {
  const owners = new Map(partitions.map(({ name, memberId }) => [name, memberId]));
  let stepCount = 0;
  for (let isMoving = true; isMoving; stepCount += 1) {
    if (stepCount > 100) throw new Error('the group never settles');
    isMoving = false;
    for (const memberId of memberIds) {
      const now = [...owners].map(([name, owner]) => ({ name, memberId: owner }));
      const { claims, releases } = planLeases(memberId, memberIds, now);
      for (const name of claims) owners.set(name, memberId);
      for (const name of releases) owners.set(name, null);
      isMoving ||= claims.length + releases.length > 0;
    }
  }
  return owners;
}

const free = (count: number): LeasedPartition[] =>
  Array.from({ length: count }, (_, index) => ({ name: `events/${index}`, memberId: null }));

describe('planLeases', () => {
  it('gives a lone member everything', () => {
    expect(planLeases('a', ['a'], free(3)).claims).toEqual(['events/0', 'events/1', 'events/2']);
  });

  it('lets a newcomer have its share of what one member holds', () => {
    const held = free(4).map((partition) => ({ ...partition, memberId: 'a' }));
    expect(planLeases('a', ['a', 'b'], held)).toEqual({
      claims: [],
      releases: ['events/2', 'events/3'],
    });
    expect(planLeases('b', ['a', 'b'], held)).toEqual({ claims: [], releases: [] });
  });

  it('leaves a balanced group alone, whoever holds the odd one', () => {
    const held = free(3).map((partition, index) => ({
      ...partition,
      memberId: index === 0 ? 'a' : 'b',
    }));
    for (const member of ['a', 'b']) {
      expect(planLeases(member, ['a', 'b'], held)).toEqual({ claims: [], releases: [] });
    }
  });

  it('settles any group so that all partitions are owned and shares differ by one at most', () => {
    const members = fc.integer({ min: 1, max: 5 });
    const owners = fc.array(fc.option(fc.integer({ min: 0, max: 4 })), { maxLength: 12 });
    fc.assert(
      fc.property(members, owners, (memberCount, ownerIndexes) => {
        const memberIds = Array.from({ length: memberCount }, (_, index) => `m${index}`);
        const partitions = free(ownerIndexes.length).map((partition, index) => ({
          ...partition,
          memberId: memberIds[ownerIndexes[index] ?? -1] ?? null,
        }));
        const owned = [...settle(memberIds, partitions).values()];
        expect(owned).not.toContain(null);
        const counts = memberIds.map((id) => owned.filter((owner) => owner === id).length);
        expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
      }),
    );
  });
});
