import type { IngestStep } from '../../engine/ingest/partition-ingest.js';

/** Kills this process at a named step, so that a test can crash it exactly there. */
export type Failpoint = (step: IngestStep) => void;

const FORM = /^(?<step>announced|written|committed):(?<count>\d+)$/;

/**
 * The failpoint of ATBD_FAILPOINT, such as `written:3`: SIGKILL to ourselves at the third chunk that was
 * written and not yet committed. For crash tests only; unset, as always in earnest, it does nothing.
 */
export function failpointFromEnv(env: NodeJS.ProcessEnv): Failpoint {
  const groups = FORM.exec(env['ATBD_FAILPOINT'] ?? '')?.groups;
  if (groups === undefined) return () => undefined;
  let left = Number(groups['count']);
  return (step) => {
    if (step !== groups['step']) return;
    left -= 1;
    if (left <= 0) process.kill(process.pid, 'SIGKILL');
  };
}
