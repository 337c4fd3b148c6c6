// What `atbd scenario run fleet` starts: the services, their shoppers, and in the end what the log files say. docs/scenarios.md,
// "Real services", has the four settings.
import { writeFile } from 'node:fs/promises';
import { accountOf } from './driver/account.js';
import { startFleet } from './driver/fleet.js';
import { planShopping } from './driver/plan.js';
import { shop } from './driver/shop.js';

const SHOPPER_COUNT = 8;

const { ATBD_STORY_SEED, ATBD_STORY_MS, ATBD_STORY_LOGS, ATBD_STORY_TRUTH } = process.env;

const interrupt = new AbortController();
process.on('SIGTERM', () => interrupt.abort(new Error('stopped')));
// Whoever started us is gone: nobody will follow the logs, and the services end with us.
const leave = () => process.exit(1);
process.on('disconnect', leave);

const fleet = await startFleet({ logDir: ATBD_STORY_LOGS, seed: ATBD_STORY_SEED });
try {
  const plan = planShopping({
    seed: ATBD_STORY_SEED,
    shopperCount: SHOPPER_COUNT,
    durationMs: Number(ATBD_STORY_MS),
  });
  const outcomes = await shop({
    plan,
    gatewayUrl: fleet.gatewayUrl,
    signal: interrupt.signal,
  });
  console.log(JSON.stringify(outcomes));
} finally {
  await fleet.stop();
}
await writeFile(ATBD_STORY_TRUTH, JSON.stringify(await accountOf(fleet.logFiles)));
// The channel to whoever started us would keep us.
process.off('disconnect', leave);
process.disconnect();
