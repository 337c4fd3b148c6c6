import { describe, expect, it } from 'vitest';
import type { Finding } from '../../../engine/verify/finding.js';
import type { PartitionReport } from '../../../engine/verify/verify-partition.js';
import { renderAnswer, toAnswer } from './render-report.js';

const KEY = { topic: 'events', epoch: 1, partition: 3 };

function reportWith(findings: readonly Finding[]): PartitionReport {
  return {
    ...KEY,
    queue: { start: 10n, end: 120n },
    position: 100n,
    ledger: { lineCount: 4, first: 0n, end: 100n, stored: 98, dead: 2 },
    rows: 98,
    deadLetters: 2,
    pending: 20n,
    trimmed: 10n,
    findings,
    findingsLeftOut: 0,
  };
}

const hole: Finding = { ...KEY, kind: 'hole', first: 40n, last: 59n, count: 20, shards: [] };
const doubled: Finding = {
  ...KEY,
  kind: 'row_doubled',
  first: 7n,
  last: 7n,
  count: 1,
  shards: [0, 2],
};

describe('the answer of verify', () => {
  it('is a calm table and one sentence when all is well', () => {
    expect(renderAnswer(toAnswer({ reports: [reportWith([])], figures: null, compared: null })))
      .toMatchInlineSnapshot(`
      "partition   queue      ledger    stored  rows  dead  pending
      events/1/3  [10, 120)  [0, 100)      98    98     2       20  ok

      The queue no longer has all that was stored, so there the ledger and the rows were compared with each other only: events/1/3.

      Verified: nothing lost, nothing twice: 98 rows and 2 dead letters in 1 partitions; 20 pending."
    `);
  });

  it('names each fault with its place, its shards and what to try', () => {
    expect(
      renderAnswer(
        toAnswer({ reports: [reportWith([doubled, hole])], figures: null, compared: null }),
      ),
    ).toMatchInlineSnapshot(`
      "partition   queue      ledger    stored  rows  dead  pending
      events/1/3  [10, 120)  [0, 100)      98    98     2       20  FAILED

      Findings (topic/epoch/partition):
        row_doubled: events/1/3 offset 7 (1 record): stored more than once (shard 0, 2)
        hole: events/1/3 offsets 40–59 (20 records): in the queue, but neither stored nor in the ledger

      What to try:
        row_doubled: Look whether two ledger lines cover them (a chunk sent to two shards), or whether somebody inserted by hand; \`atbd verify --repair\` leaves one of them.
        hole: \`atbd verify --repair\` stores them from the queue; then look for what moved the group past them (a position set by hand, another consumer in the group, retention shorter than the lag).

      The queue no longer has all that was stored, so there the ledger and the rows were compared with each other only: events/1/3.

      Not as it should be: 98 rows and 2 dead letters in 1 partitions; 20 pending."
    `);
  });

  it('has offsets as strings and counts as numbers in its published shape', () => {
    expect(toAnswer({ reports: [reportWith([hole])], figures: null, compared: null }))
      .toMatchInlineSnapshot(`
        {
          "contents": null,
          "figures": null,
          "findings": [
            {
              "columns": [],
              "count": 20,
              "epoch": 1,
              "first": "40",
              "hint": "\`atbd verify --repair\` stores them from the queue; then look for what moved the group past them (a position set by hand, another consumer in the group, retention shorter than the lag).",
              "kind": "hole",
              "last": "59",
              "message": "events/1/3 offsets 40–59 (20 records): in the queue, but neither stored nor in the ledger",
              "partition": 3,
              "shards": [],
              "topic": "events",
            },
          ],
          "findingsLeftOut": 0,
          "partitions": [
            {
              "deadLetters": 2,
              "epoch": 1,
              "ledger": {
                "dead": 2,
                "end": "100",
                "first": "0",
                "lines": 4,
                "stored": 98,
              },
              "partition": 3,
              "pending": "20",
              "position": "100",
              "queue": {
                "end": "120",
                "start": "10",
              },
              "rows": 98,
              "topic": "events",
              "trimmed": "10",
              "verdict": "failed",
            },
          ],
          "repair": null,
          "verdict": "failed",
        }
      `);
  });
});
