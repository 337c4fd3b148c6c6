import type { RunAnswer, StoryResult } from './story-result.js';

/** Times differ from run to run: only what grew by this share, and by more than a moment, is worse. */
const GROWTH_MIN = 1.25;
const GROWTH_MS_MIN = 100;

/** What got worse since an earlier answer, a line each, story by story; stories that are new are left out. */
export function findWorse(now: RunAnswer, baseline: RunAnswer): string[] {
  const names = [...new Set(now.results.map(({ story }) => story.name))];
  return names.flatMap((name) => {
    const before = baseline.results.filter(({ story }) => story.name === name);
    const after = now.results.filter(({ story }) => story.name === name);
    if (before.length === 0) return [];
    return [...lostExpectations(before, after), ...grownFigures(before, after)].map(
      (line) => `${name}: ${line}`,
    );
  });
}

/** Held in every round then, and does not in one now. */
function lostExpectations(before: readonly StoryResult[], after: readonly StoryResult[]): string[] {
  const broken = new Map(
    after
      .flatMap(({ expectations }) => expectations.filter(({ isMet }) => !isMet))
      .map(({ title, seen }): [string, string] => [title, seen]),
  );
  return [...broken].flatMap(([title, seen]) => {
    const earlier = before.flatMap(({ expectations }) =>
      expectations.filter((each) => each.title === title),
    );
    const hasHeld = earlier.length > 0 && earlier.every(({ isMet }) => isMet);
    return hasHeld ? [`"${title}" held, and now does not: ${seen}`] : [];
  });
}

/** The best round counts on both sides: noise only makes times longer. */
function grownFigures(before: readonly StoryResult[], after: readonly StoryResult[]): string[] {
  const [was, is] = [bestFigures(before), bestFigures(after)];
  return [...is].flatMap(([name, value]) => {
    const earlier = was.get(name);
    if (earlier === undefined || value - earlier < GROWTH_MS_MIN) return [];
    if (value < earlier * GROWTH_MIN) return [];
    const percent = earlier === 0 ? '' : ` (+${Math.round((100 * (value - earlier)) / earlier)} %)`;
    return [`${name} ${earlier} → ${value}${percent}`];
  });
}

function bestFigures(results: readonly StoryResult[]): Map<string, number> {
  const best = new Map<string, number>();
  for (const [name, value] of results.flatMap(figuresOf))
    best.set(name, Math.min(value, best.get(name) ?? Infinity));
  return best;
}

/** All in milliseconds, and less is better. */
function figuresOf({ story, load, expectations }: StoryResult): [string, number][] {
  const figures = expectations.flatMap((each) => Object.entries(each.figures));
  // By the real clock the load takes as long as the story says.
  if (story.clock === 'virtual') figures.push(['sendMs', load.sendMs]);
  if (load.settleMs !== null) figures.push(['settleMs', load.settleMs]);
  return figures;
}
