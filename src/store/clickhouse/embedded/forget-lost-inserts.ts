import { appendFileSync, existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What a line of the log says of a part. */
const ADD = '1';
const DROP = '2';

/** A part in the making: its folder is renamed when it is whole, after its token was written to the log. */
const UNFINISHED_PREFIX = 'tmp_insert_';

/**
 * Lets a server that is about to start forget the tokens of parts that a kill kept from coming to be. Returns how many.
 *
 * A table without replicas writes the token of a part to its log, and only then renames the part's folder into place.
 * Killed in between, it would take the same chunk for stored when it is sent again, and the part's rows would be lost
 * in this one table. All of this happens under the table's lock, so it can be true of the last token alone: it is
 * forgotten, by the log's own means, when no part holds its block and an unfinished part lies there still.
 *
 * `dataPath` is the server's; nothing else may have it open.
 */
export function forgetLostInserts(dataPath: string): number {
  const store = join(dataPath, 'store');
  if (!existsSync(store)) return 0;
  let forgotten = 0;
  for (const group of readdirSync(store)) {
    for (const table of readdirSync(join(store, group))) {
      if (forgetLastIfLost(join(store, group, table))) forgotten += 1;
    }
  }
  return forgotten;
}

function forgetLastIfLost(table: string): boolean {
  const entries = readdirSync(table);
  if (!entries.some((name) => name.startsWith(UNFINISHED_PREFIX))) return false;
  const log = newestLog(join(table, 'deduplication_logs'));
  if (log === undefined) return false;
  const last = log.lines.at(-1);
  if (last?.kind !== ADD || entries.some((name) => holds(name, last.part))) return false;
  // A part has as many lines as it has blocks.
  const lost = log.lines.filter(({ kind, part }) => kind === ADD && part === last.part);
  appendFileSync(log.path, lost.map(({ part, block }) => `${DROP}\t${part}\t${block}\n`).join(''));
  return true;
}

interface LogLine {
  readonly kind: string;
  readonly part: string;
  readonly block: string;
}

/** The newest file that has lines: a new one is begun, empty, when one is full. */
function newestLog(folder: string): { path: string; lines: LogLine[] } | undefined {
  if (!existsSync(folder)) return undefined;
  const numberOf = (name: string): number =>
    Number(/^deduplication_log_(\d+)\.txt$/.exec(name)?.[1]);
  const names = readdirSync(folder).filter((name) => !Number.isNaN(numberOf(name)));
  for (const name of names.toSorted((a, b) => numberOf(b) - numberOf(a))) {
    const path = join(folder, name);
    const lines = readFileSync(path, 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => {
        const [kind = '', part = '', block = ''] = line.split('\t');
        return { kind, part, block };
      });
    if (lines.length > 0) return { path, lines };
  }
  return undefined;
}

/** Whether the part of this folder is the one of that name, or was merged from it. */
function holds(folder: string, part: string): boolean {
  const outer = blocksOf(folder);
  const inner = blocksOf(part);
  return (
    outer?.partition === inner?.partition &&
    outer !== undefined &&
    inner !== undefined &&
    outer.first <= inner.first &&
    inner.last <= outer.last
  );
}

/** Names are PARTITION_FIRST_LAST_LEVEL, with a _MUTATION behind where there was one. */
function blocksOf(name: string): { partition: string; first: number; last: number } | undefined {
  const [, partition, first, last] = /^([^_]+)_(\d+)_(\d+)_\d+(?:_\d+)?$/.exec(name) ?? [];
  return partition === undefined
    ? undefined
    : { partition, first: Number(first), last: Number(last) };
}
