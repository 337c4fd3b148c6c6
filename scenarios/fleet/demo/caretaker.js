// Started by the demo, outlives it: takes everything down if the demo dies without having done so
// (SIGKILL, a closed terminal, a crash). It is told what there is over the channel from its parent.
import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const RUN = fileURLToPath(new URL('../../../bin/run.js', import.meta.url));
const DOWN_TIMEOUT_MS = 30_000;

let charge;

process.on('message', (message) => {
  charge = message;
});

process.on('disconnect', () => {
  if (charge !== null && charge !== undefined) takeDown(charge);
  process.exit(0);
});

// Ctrl-C and a hang-up are the demo's to handle: it ends, and then the channel closes.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => undefined);

function takeDown({ pids, env, dir }) {
  for (const pid of pids) {
    try {
      process.kill(pid, 'SIGTERM');
    } catch {
      // It has ended already.
    }
  }
  spawnSync(process.execPath, [RUN, 'down', '--purge', '--yes'], {
    env,
    cwd: dir,
    stdio: 'ignore',
    timeout: DOWN_TIMEOUT_MS,
  });
  rmSync(dir, { recursive: true, force: true });
}
