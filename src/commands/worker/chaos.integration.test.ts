import { describe, expect, it } from 'vitest';
import { hasKafka } from '../../engine/testing/kafka-broker.js';
import { renderResult } from '../_cli/testing/chaos/chaos-report.js';
import { runChaosInFolder } from '../_cli/testing/chaos/chaos-run.js';

const SEED = 20261127;
const KILL_COUNT = 20;
const HITS_MIN = 3;
/** So slow that two cores have room for three brokers, three shards and two workers; the long form is for rates. */
const RATE = 2_000;
const RUN_MS_MAX = 270_000;

describe.runIf(hasKafka())('atbd worker ingest between three brokers and three shards', () => {
  it(
    'loses and doubles nothing while workers, shards, brokers and connections are killed, frozen and cut',
    async () => {
      const { result, faults } = await runChaosInFolder({
        queue: 'kafka',
        killCount: KILL_COUNT,
        hitsMin: HITS_MIN,
        seed: SEED,
        rate: RATE,
        boundMs: RUN_MS_MAX,
        signal: new AbortController().signal,
        onLine: () => undefined,
      });
      console.log(renderResult(result));
      expect(faults).toEqual([]);
    },
    RUN_MS_MAX + 30_000,
  );
});
