import { describe, expect, it } from 'vitest';
import type { LedgerLine } from '../../model/verify.js';
import { History } from '../testing/history.js';
import { verify } from '../verify.js';
import { planRepair } from './plan-repair.js';

const signal = new AbortController().signal;

function line(first: number, last: number, shard = 1): LedgerLine {
  const stored = last - first + 1;
  return { shard, first: BigInt(first), last: BigInt(last), stored, dead: 0, more: 0, copies: 1 };
}

/** Forty records in four chunks of one shard. */
function soundHistory(): History {
  const history = new History();
  history.offsets = Array.from({ length: 40 }, (_, at) => BigInt(at));
  history.rows = history.offsets.map((offset) => ({ offset, shard: 1 }));
  history.ledger = [line(0, 9), line(10, 19), line(20, 29), line(30, 39)];
  history.queueEnd = 40n;
  history.position = 40n;
  return history;
}

/** `first-last` of each range with what is known of its ledger, and what stays as it is. */
async function planOf(history: History): Promise<{ ranges: string[]; unmended: string[] }> {
  const { queue } = history;
  const options = { groupId: 'ingest', topic: undefined };
  const reports = await verify(options, { queue, store: history, signal });
  const { ranges, unmended } = await planRepair(reports, { store: history, signal });
  return {
    ranges: ranges.map(({ first, last, lines, isWhole }) => {
      return `${String(first)}-${String(last)} ${lines.length} lines${isWhole ? '' : ', rows only'}`;
    }),
    unmended: unmended.map(({ finding: { kind, first, last }, refusal }) => {
      return `${kind} ${String(first)}-${String(last)}: ${refusal}`;
    }),
  };
}

function without(history: History, first: number, last: number): void {
  history.rows = history.rows.filter(({ offset }) => offset < first || offset > last);
}

describe('the plan of a repair', () => {
  it('has nothing to do where nothing is broken', async () => {
    expect(await planOf(soundHistory())).toEqual({ ranges: [], unmended: [] });
  });

  it('takes the whole chunk of a missing row, and a gap from its first to its last record', async () => {
    const history = soundHistory();
    without(history, 7, 7);
    without(history, 20, 29);
    history.ledger = history.ledger.filter(({ first }) => first !== 20n);
    expect(await planOf(history)).toEqual({
      ranges: ['0-9 1 lines', '20-29 0 lines'],
      unmended: [],
    });
  });

  it('makes one range of a gap at the end, and of lines that are there twice', async () => {
    const history = soundHistory();
    history.ledger = [line(0, 9), line(10, 19), line(10, 19, 2), line(20, 29)];
    without(history, 33, 35);
    expect(await planOf(history)).toEqual({
      ranges: ['10-19 2 lines', '30-39 0 lines'],
      unmended: [],
    });
  });

  it('names what the queue has trimmed as lost, and mends rows behind that', async () => {
    const history = soundHistory();
    history.queueStart = 14n;
    without(history, 3, 3);
    without(history, 12, 16);
    expect(await planOf(history)).toEqual({
      ranges: ['14-19 1 lines, rows only'],
      unmended: ['row_missing 3-3: trimmed', 'row_missing 12-13: trimmed'],
    });
  });

  it('leaves alone what is not committed, what no record stands behind, and lines that are cut otherwise', async () => {
    const history = soundHistory();
    history.ledger.push(line(25, 39, 2));
    history.rows.push({ offset: 50n, shard: 0 });
    const { ranges, unmended } = await planOf(history);
    expect(ranges).toEqual([]);
    expect(unmended).toContain('ledger_line_missing 50-50: no_record');
    expect(unmended.some((each) => each.endsWith(': tangled'))).toBe(true);

    const behind = soundHistory();
    behind.position = null;
    without(behind, 7, 7);
    expect(await planOf(behind)).toEqual({
      ranges: [],
      unmended: ['row_missing 7-7: not_committed'],
    });
  });
});
