import { execFileSync } from 'node:child_process';

const built = Symbol.for('atbd.built-for-tests');

/**
 * Integration tests start the built CLI and its child processes, so dist/ must be today's.
 * Several projects of one run ask for it; it is built once.
 */
export default function setup(): void {
  const run = globalThis as { [built]?: true };
  if (run[built]) return;
  execFileSync('npm', ['run', '--silent', 'build'], { stdio: 'inherit' });
  run[built] = true;
}
