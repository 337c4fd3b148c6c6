import { z } from 'zod';
import { durationMs } from '../../time/time-schema.js';

/** A shard's index; the stack says how many there are. */
const shard = z.int().min(0).max(15);

const at = durationMs.describe('Moment of the story, counted from its start.');

const lasting = durationMs.describe('How long it lasts by the wall clock, whatever the story’s.');

/**
 * What is done to the pipe itself while the load runs. `at` is story time: it happens when the load has
 * come so far. `for` is wall time, because the pipe lives in it.
 */
export const chaosSchema = z.discriminatedUnion(
  'kind',
  [
    z
      .strictObject({ kind: z.literal('kill-worker'), at })
      .describe('SIGKILL to the ingest worker; the supervisor starts another.'),
    z
      .strictObject({ kind: z.literal('stop-shard'), at, for: lasting, shard })
      .describe('A shard is killed and stays away; then it is started again.'),
    z
      .strictObject({ kind: z.literal('freeze-shard'), at, for: lasting, shard })
      .describe('A shard takes connections and says nothing (SIGSTOP), then goes on.'),
    z
      .strictObject({ kind: z.literal('pause-queue'), at, for: lasting })
      .describe(
        'The queue takes records and hands none out: the ingest worker is frozen (SIGSTOP).',
      ),
  ],
  { error: 'must be kill-worker, stop-shard, freeze-shard or pause-queue' },
);
export type Chaos = z.output<typeof chaosSchema>;

/** What it is, in words for a line or a page. */
export function describeChaos(chaos: Chaos): string {
  switch (chaos.kind) {
    case 'kill-worker':
      return 'worker killed';
    case 'stop-shard':
      return `shard ${chaos.shard} down for ${seconds(chaos.for)}`;
    case 'freeze-shard':
      return `shard ${chaos.shard} frozen for ${seconds(chaos.for)}`;
    case 'pause-queue':
      return `queue paused for ${seconds(chaos.for)}`;
  }
}

function seconds(ms: number): string {
  return `${ms / 1000} s`;
}
