import type { ClickHouseClient } from '@clickhouse/client';
import { untilInsertsEnd } from './running-inserts.js';

/**
 * While `intake` has this column it is closed. No insert names it, so the server works its default out, which fails, before the first
 * row reaches a view: nothing is stored of such an insert, and its worker sends the same chunk again until it is taken. That
 * holds for workers of every version, and when the one who closed it is dead.
 */
const COLUMN = 'closed_for_migration';
const DEFINITION = `${COLUMN} UInt8 DEFAULT throwIf(1, 'inserts wait until atbd migrate has changed the schema')`;

const CREATE_INTAKE = /(CREATE TABLE IF NOT EXISTS atbd\.intake\s*\()/;

/** Whether inserts wait, be it that a migration is at work or that one was cut off. */
export async function isIntakeClosed(client: ClickHouseClient): Promise<boolean> {
  return (await columnsOfIntake(client)).includes(COLUMN);
}

/** Refuses inserts from now on, and waits for those that began before: they go by the old views, and find them whole. */
export async function closeIntake(client: ClickHouseClient): Promise<void> {
  if ((await columnsOfIntake(client)).length === 0) return;
  await client.command({
    query: `ALTER TABLE atbd.intake ADD COLUMN IF NOT EXISTS ${DEFINITION}`,
  });
  await untilInsertsEnd(client);
}

export async function openIntake(client: ClickHouseClient): Promise<void> {
  await client.command({ query: `ALTER TABLE atbd.intake DROP COLUMN IF EXISTS ${COLUMN}` });
}

/** The statement that makes `intake` makes it closed: a worker that waits for it would find no views yet, and lose what it inserts. */
export function madeClosed(statement: string): string {
  return statement.replace(CREATE_INTAKE, `$1${DEFINITION}, `);
}

async function columnsOfIntake(client: ClickHouseClient): Promise<string[]> {
  const answer = await client.query({
    query: `SELECT name FROM system.columns WHERE database = 'atbd' AND table = 'intake' LIMIT 1000`,
    format: 'JSONEachRow',
    // The database itself may not exist yet.
    http_headers: { 'X-ClickHouse-Database': 'default' },
  });
  return (await answer.json<{ name: string }>()).map(({ name }) => name);
}
