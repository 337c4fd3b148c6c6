import { setTimeout as delay } from 'node:timers/promises';
import type { ClickHouseClient } from '@clickhouse/client';
import { AtbdError } from '../../../engine/model/error.js';

/** The server runs one query of a name at a time, and ends this one soon after its client is gone: a lock that nobody has to break. */
const QUERY_ID = 'atbd:migrate';
const ALREADY_RUNNING = '216';

/** So often it looks whether its client is there; the first answer, which says that it runs, takes as long. */
const TICK_SECONDS = 0.05;

/** As long as an insert may keep another migration waiting, and a little more. */
const WAIT_MS_MAX = 180_000;
const POLL_MS = 200;

/** Of one migration of a shard, which is the only one there until it is disposed of, or its connection is cut. */
export interface MigrationTurn extends Disposable {
  /** To be called before each change: without the turn another one may be at work. */
  throwIfLost(): void;
}

/** Waits for its turn; rejects when another migration does not end. */
export async function takeMigrationTurn(client: ClickHouseClient): Promise<MigrationTurn> {
  for (let waitedMs = 0; ; waitedMs += POLL_MS) {
    try {
      return await hold(client);
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === ALREADY_RUNNING))
        throw error;
    }
    if (waitedMs >= WAIT_MS_MAX) throw anotherOne();
    await delay(POLL_MS);
  }
}

async function hold(client: ClickHouseClient): Promise<MigrationTurn> {
  const { stream } = await client.exec({
    query: `SELECT sleepEachRow(${TICK_SECONDS}) FROM system.numbers`,
    query_id: QUERY_ID,
    clickhouse_settings: {
      max_block_size: '1',
      max_execution_time: 0,
      readonly: '2',
      cancel_http_readonly_queries_on_client_close: 1,
    },
  });
  let isLost = false;
  const lose = (): void => {
    isLost = true;
  };
  stream.on('end', lose).on('error', lose).on('close', lose).resume();
  return {
    throwIfLost() {
      if (isLost) throw turnLost();
    },
    [Symbol.dispose]() {
      // Not by KILL QUERY, which goes by the name: that may be another's by then.
      stream.destroy();
    },
  };
}

function anotherOne(): AtbdError {
  return new AtbdError({
    code: 'TIMEOUT',
    message: 'cannot change the schema: another migration is at work',
    hint: 'Wait for it, or end it: it is the query `atbd:migrate` in system.processes of the shard. Then run it again.',
  });
}

function turnLost(): AtbdError {
  return new AtbdError({
    code: 'CLICKHOUSE_UNREACHABLE',
    message: 'cannot go on changing the schema: the connection was cut',
    hint: 'Run it again: atbd migrate. Until then inserts wait, and nothing of them is lost.',
  });
}
