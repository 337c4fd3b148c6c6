import { execFileSync } from 'node:child_process';

/** Integration tests start the built CLI and its child processes, so dist/ must be today's. */
export default function setup(): void {
  execFileSync('npm', ['run', '--silent', 'build'], { stdio: 'inherit' });
}
