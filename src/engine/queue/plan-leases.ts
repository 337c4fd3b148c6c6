/** A partition of the group's topics, who holds it, and a name that orders and identifies it. */
export interface LeasedPartition {
  readonly name: string;
  readonly memberId: string | null;
}

/** What one member should do next. */
export interface LeasePlan {
  /** Free partitions to take. */
  readonly claims: readonly string[];
  /** Own partitions to finish and let go, so that others get their share. */
  readonly releases: readonly string[];
}

/**
 * The fair share of `memberId`: everybody gets the same number, the first `remainder` members one more.
 * Members that hold more come first among equals, so a balanced group stays as it is.
 */
export function planLeases(
  memberId: string,
  memberIds: readonly string[],
  partitions: readonly LeasedPartition[],
): LeasePlan {
  const heldCount = (id: string): number =>
    partitions.filter((partition) => partition.memberId === id).length;
  const ranked = memberIds.toSorted(
    (a, b) => heldCount(b) - heldCount(a) || (a < b ? -1 : Number(a > b)),
  );
  const rank = ranked.indexOf(memberId);
  if (rank < 0) return { claims: [], releases: [] };
  const share = Math.floor(partitions.length / ranked.length);
  const quota = share + (rank < partitions.length % ranked.length ? 1 : 0);
  const own = partitions.filter((partition) => partition.memberId === memberId);
  const free = partitions.filter((partition) => partition.memberId === null);
  return {
    claims: free.slice(0, Math.max(0, quota - own.length)).map(({ name }) => name),
    releases: own.slice(quota).map(({ name }) => name),
  };
}
