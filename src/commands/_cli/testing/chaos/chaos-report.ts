import type { ChaosResult } from './chaos-run.js';
import { STEPS } from './kill-plan.js';

/** The final table: what was done to whom, where it landed, and what is left of it. */
export function renderResult(result: ChaosResult): string {
  const rows = [...Object.entries(result.table), ['all', result.histogram] as const];
  const name = Math.max(...rows.map(([kind]) => kind.length));
  const lines = rows.map(([kind, histogram]) =>
    [kind.padEnd(name), ...STEPS.map((step) => String(histogram[step]).padStart(step.length))].join(
      '  ',
    ),
  );
  const ended = result.endedByItself;
  return [
    ['landed at'.padEnd(name), ...STEPS].join('  '),
    ...lines,
    `${result.zombies} workers woke up as zombies; ${ended.length} workers ended by themselves${ended.length > 0 ? ` (${[...new Set(ended)].join(', ')})` : ''}`,
    `${result.acknowledged} events acknowledged (${result.rate} a second), ${result.stored} stored (${result.distinct} different), ${result.dead} dead letters`,
    `verify: exit code ${result.verifyCode ?? 'none'}; ${Math.round(result.seconds)} s; seed ${result.seed}`,
  ].join('\n');
}
