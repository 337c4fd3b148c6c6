import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { forgetLostInserts } from './forget-lost-inserts.js';

let dataPath: string;
beforeEach(() => {
  dataPath = mkdtempSync(join(tmpdir(), 'atbd-forget-'));
});
afterEach(() => {
  rmSync(dataPath, { recursive: true });
});

const ADDED_1 = '1\t20261121_1_1_0\t20261121_11_12\n';
const ADDED_2 = '1\t20261121_2_2_0\t20261121_21_22\n';

/** A table with these folders and these lines in its logs, the first log first. Returns the logs' contents afterwards. */
function afterStart(folders: readonly string[], logs: readonly string[]): string[] {
  const table = join(dataPath, 'store', '5fc', '5fc8c612-d277-44e6-9178-46ce9c9a8daa');
  for (const folder of ['deduplication_logs', 'detached', ...folders]) {
    mkdirSync(join(table, folder), { recursive: true });
  }
  const paths = logs.map((_, at) =>
    join(table, 'deduplication_logs', `deduplication_log_${9 + at}.txt`),
  );
  for (const [at, text] of logs.entries()) writeFileSync(paths[at]!, text);
  forgetLostInserts(dataPath);
  return paths.map((path) => readFileSync(path, 'utf8'));
}

describe('forgetLostInserts', () => {
  it('drops the token whose part did not come to be', () => {
    expect(
      afterStart(['20261121_1_1_0', 'tmp_insert_20261121_2_2_0'], [ADDED_1 + ADDED_2]),
    ).toEqual([`${ADDED_1}${ADDED_2}2\t20261121_2_2_0\t20261121_21_22\n`]);
  });

  it('drops every token of a part that has several', () => {
    const second = '1\t20261121_2_2_0\t20261121_31_32\n';
    expect(afterStart(['tmp_insert_20261121_2_2_0'], [ADDED_2 + second])).toEqual([
      `${ADDED_2}${second}2\t20261121_2_2_0\t20261121_21_22\n2\t20261121_2_2_0\t20261121_31_32\n`,
    ]);
  });

  it.each([
    ['the part is there', ['20261121_2_2_0', 'tmp_insert_20261121_3_3_0']],
    ['the part was merged', ['20261121_1_4_1_7', 'tmp_insert_20261121_3_3_0']],
    ['no insert was cut: the part went another way', ['20261121_1_1_0']],
  ])('keeps the token where %s', (_, folders) => {
    expect(afterStart(folders, [ADDED_1 + ADDED_2])).toEqual([ADDED_1 + ADDED_2]);
  });

  it('takes a part of another day, or of other blocks, for another', () => {
    for (const other of ['20261122_1_4_1', '20261121_3_4_1', '20261121_1_1_0']) {
      expect(afterStart([other, 'tmp_insert_20261121_2_2_0'], [ADDED_2])).not.toEqual([ADDED_2]);
      rmSync(join(dataPath, 'store'), { recursive: true });
    }
  });

  it('finds the last token behind a log that was just begun, and counts logs as numbers', () => {
    const logs = afterStart(['tmp_insert_20261121_2_2_0'], [ADDED_1, ADDED_2, '']);
    expect(logs).toEqual([ADDED_1, `${ADDED_2}2\t20261121_2_2_0\t20261121_21_22\n`, '']);
  });

  it('does so once', () => {
    const [log] = afterStart(['tmp_insert_20261121_2_2_0'], [ADDED_2]);
    expect(forgetLostInserts(dataPath)).toBe(0);
    expect(afterStart([], [log!])).toEqual([log]);
  });

  it('has nothing to do in a folder that no server was in', () => {
    expect(forgetLostInserts(dataPath)).toBe(0);
  });
});
