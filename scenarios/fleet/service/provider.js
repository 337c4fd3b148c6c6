// Somebody else's payment system, as it is on a bad day: it declines, breaks and stalls. It keeps no
// log that we could read. What it does to an attempt depends on the seed and the action alone.
import { setTimeout as sleep } from 'node:timers/promises';
import { CallFailed } from '../kit/action.js';
import { chanceOf } from '../kit/seeded-random.js';
import { serve } from '../kit/serve.js';

const SEED = process.env.FLEET_SEED ?? '1';

/** Far above the payment service's patience. */
const STALL_MS = 2000;

/** Shares of all attempts: broken, stalled, declined; the others go well. */
const BROKEN_SHARE = 0.16;
const STALLED_SHARE = 0.06;
const DECLINED_SHARE = 0.03;

const silentLog = { info: () => undefined, error: () => undefined, child: () => silentLog };

serve(silentLog, {
  '/charge': { handle: settle },
  '/refund': { handle: settle },
});

async function settle({ action, body }) {
  const chance = chanceOf(SEED, action.op_id, body.attempt);
  await sleep(15 + Math.floor(chanceOf(SEED, action.op_id, body.attempt, 'delay') * 60));
  if (chance < BROKEN_SHARE) {
    throw new CallFailed('unavailable', { status: 503, reason: 'unavailable' });
  }
  if (chance < BROKEN_SHARE + STALLED_SHARE) {
    await sleep(STALL_MS);
    return {};
  }
  if (chance < BROKEN_SHARE + STALLED_SHARE + DECLINED_SHARE) {
    throw new CallFailed('card declined', { status: 402, reason: 'declined' });
  }
  return {};
}
