/** A sign of life as the model reads it. */
export interface Sign {
  readonly tsNs: bigint;
  readonly userId: string;
  readonly sessionId: string;
  readonly operation: string;
}

/** What makes sessions of signs. */
export interface SessionRules {
  readonly gapNs: bigint;
  readonly lingerNs: bigint;
  readonly buyingOperations: readonly string[];
}

/** A session, from its first sign to its end. */
export interface ModelSession {
  readonly user: string;
  readonly firstNs: bigint;
  readonly endNs: bigint;
  readonly isBuying: boolean;
}

/** How many are there at one moment. */
export interface Presence {
  readonly total: number;
  readonly viewing: number;
  readonly buying: number;
}

/** Sessions as the words say it: signs of a key in their order, parted by pauses. */
export function sessionsOf(signs: readonly Sign[], rules: SessionRules): ModelSession[] {
  const byKey = new Map<string, Sign[]>();
  for (const sign of signs) {
    if (sign.sessionId === '' && sign.userId === '') continue;
    const key = sign.sessionId === '' ? `user ${sign.userId}` : `session ${sign.sessionId}`;
    byKey.set(key, [...(byKey.get(key) ?? []), sign]);
  }
  return [...byKey].flatMap(([key, all]) =>
    partAtPauses(all, rules.gapNs).map((signsOfOne) => sessionOf(key, signsOfOne, rules)),
  );
}

function partAtPauses(signs: readonly Sign[], gapNs: bigint): Sign[][] {
  const sessions: Sign[][] = [];
  for (const sign of signs.toSorted(byTime)) {
    const current = sessions.at(-1);
    const before = current?.at(-1);
    if (current === undefined || before === undefined || sign.tsNs - before.tsNs >= gapNs)
      sessions.push([sign]);
    else current.push(sign);
  }
  return sessions;
}

function sessionOf(key: string, signs: readonly Sign[], rules: SessionRules): ModelSession {
  const owner = signs.findLast(({ userId }) => userId !== '')?.userId;
  return {
    user: owner === undefined ? key : `user ${owner}`,
    firstNs: signs[0]!.tsNs,
    endNs: signs.at(-1)!.tsNs + rules.lingerNs,
    isBuying: signs.some(({ operation }) => rules.buyingOperations.includes(operation)),
  };
}

function byTime(a: Sign, b: Sign): number {
  return a.tsNs < b.tsNs ? -1 : a.tsNs > b.tsNs ? 1 : 0;
}

/** Everybody who is there at a moment, each once. */
export function presenceAt(sessions: readonly ModelSession[], atNs: bigint): Presence {
  const there = sessions.filter(({ firstNs, endNs }) => firstNs <= atNs && atNs < endNs);
  const total = new Set(there.map(({ user }) => user)).size;
  const buying = new Set(there.filter(({ isBuying }) => isBuying).map(({ user }) => user)).size;
  return { total, viewing: total - buying, buying };
}

/** The answer for one interval, by looking at every moment at which something changes in it. */
export function presenceIn(
  sessions: readonly ModelSession[],
  { fromNs, toNs }: { readonly fromNs: bigint; readonly toNs: bigint },
) {
  const touching = sessions.filter(({ firstNs, endNs }) => firstNs < toNs && endNs > fromNs);
  const moments = [fromNs, ...touching.flatMap(({ firstNs, endNs }) => [firstNs, endNs])]
    .filter((atNs) => atNs >= fromNs && atNs < toNs)
    .toSorted((a, b) => (a < b ? -1 : 1));
  const peakOf = (what: keyof Presence) => {
    const counts = moments.map((atNs) => ({ atNs, count: presenceAt(touching, atNs)[what] }));
    return counts.reduce((best, each) => (each.count > best.count ? each : best));
  };
  return {
    startNs: fromNs,
    total: peakOf('total'),
    viewing: peakOf('viewing'),
    buying: peakOf('buying'),
    users: new Set(touching.map(({ user }) => user)).size,
    sessions: touching.length,
  };
}
