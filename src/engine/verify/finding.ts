import type { PartitionKey } from '../model/verify.js';

/** Every kind of fault, with what to try; the texts are part of `verify`'s answer. */
export const FINDING_KINDS = {
  hole: {
    says: 'in the queue, but neither stored nor in the ledger',
    hint: '`atbd verify --repair` stores them from the queue; then look for what moved the group past them (a position set by hand, another consumer in the group, retention shorter than the lag).',
  },
  hole_unproven: {
    says: 'no ledger line, no rows, and the queue no longer has the range',
    hint: 'The queue has trimmed these offsets, so it cannot be read whether there were records: compare with the producer or the archive, and keep the retention longer than the lag.',
  },
  row_missing: {
    says: 'counted as stored by the ledger, but no row is there',
    hint: 'If the queue still has them, `atbd verify --repair` puts them back; look for DELETE, DROP PARTITION or a lost part in system.mutations and system.part_log of that shard.',
  },
  row_doubled: {
    says: 'stored more than once',
    hint: 'Look whether two ledger lines cover them (a chunk sent to two shards), or whether somebody inserted by hand; `atbd verify --repair` leaves one of them.',
  },
  inner_event_missing: {
    says: 'events beyond the first of a record are fewer than the ledger says',
    hint: 'A record of these offsets held many events, and some are gone: `atbd verify --repair` puts them back; look for DELETE, DROP PARTITION or a lost part in system.mutations and system.part_log of that shard.',
  },
  inner_event_doubled: {
    says: 'events beyond the first of a record are stored more than once',
    hint: 'Look whether somebody inserted by hand; `atbd verify --repair` leaves one of each.',
  },
  dead_letter_missing: {
    says: 'counted as dead by the ledger, but no dead letter is there',
    hint: 'If the queue still has them, `atbd verify --repair` puts them back; look for DELETE or DROP PARTITION on dead_letters_local.',
  },
  dead_letter_doubled: {
    says: 'stored as a dead letter more than once',
    hint: '`atbd verify --repair` leaves one of them; look whether two ledger lines cover them.',
  },
  record_missing: {
    says: 'in the ledger, but neither a row nor a dead letter',
    hint: 'Rows and dead letters are missing from the same chunk: look for a lost part or a DELETE on that shard; if the queue still has them, `atbd verify --repair` puts them back.',
  },
  row_and_dead_letter: {
    says: 'stored as a row and as a dead letter',
    hint: 'One record has one fate: `atbd verify --repair` asks the queue which. Say so in an issue, because no insert can do this.',
  },
  ledger_overlap: {
    says: 'covered by more than one ledger line',
    hint: 'A chunk went to two shards, or was cut differently the second time: see whether rows are doubled too, and which shard the partition belongs to.',
  },
  ledger_line_missing: {
    says: 'stored, but no ledger line covers them',
    hint: 'The ledger line is lost, or rows were inserted by hand past the worker: if the queue has these offsets, `atbd verify --repair` writes the line anew, otherwise delete the rows.',
  },
  ledger_count_wrong: {
    says: 'counted otherwise by the ledger than by the recount',
    hint: 'Every offset is stored once, yet the numbers differ: a row may have become a dead letter or the reverse. `atbd verify --repair` asks the queue what is right.',
  },
  row_altered: {
    says: 'stored with another content than the queue has',
    hint: '`atbd verify --contents --repair` puts the row of the queue in its place; look for UPDATE in system.mutations of that shard. A version of atbd that mapped otherwise when it was stored gives this, too.',
  },
  dead_letter_altered: {
    says: 'kept as a dead letter with another content than the queue has',
    hint: '`atbd verify --contents --repair` puts the bytes of the queue in its place; look for UPDATE in system.mutations of that shard.',
  },
} as const;

export type FindingKind = keyof typeof FINDING_KINDS;

/** One fault with its place: the offsets `first` to `last` (inclusive), of which `count` are affected. */
export interface Finding extends PartitionKey {
  readonly kind: FindingKind;
  readonly first: bigint;
  readonly last: bigint;
  readonly count: number;
  /** The shards that hold what is stored of it; empty when nothing is. */
  readonly shards: readonly number[];
  /** Columns that differ from the queue's record; left out where that is not what is wrong. */
  readonly columns?: readonly string[];
}

/**
 * Joins marks of the same kind into findings. A caller reports, in ascending order, each offset's
 * faults (or none); an offset that holds nothing by nature is not reported and interrupts nothing.
 */
export class FindingRuns {
  readonly #key: PartitionKey;
  readonly #open = new Map<FindingKind, Finding>();
  readonly #done: Finding[] = [];

  constructor(key: PartitionKey) {
    this.#key = key;
  }

  mark(
    { first, last }: { readonly first: bigint; readonly last: bigint },
    kinds: ReadonlySet<FindingKind>,
    shards: readonly number[],
  ): void {
    const count = Number(last - first + 1n);
    for (const [kind, finding] of this.#open) {
      if (kinds.has(kind) && isSameList(finding.shards, shards)) continue;
      this.#done.push(finding);
      this.#open.delete(kind);
    }
    for (const kind of kinds) {
      const open = this.#open.get(kind);
      const next = open
        ? { ...open, last, count: open.count + count }
        : { ...this.#key, kind, first, last, count, shards };
      this.#open.set(kind, next);
    }
  }

  /** All findings, in order of place. */
  close(): Finding[] {
    const all = [...this.#done, ...this.#open.values()];
    this.#open.clear();
    this.#done.length = 0;
    return all.sort(byPlace);
  }
}

/** In order of place, then of kind. */
export function byPlace(a: Finding, b: Finding): number {
  if (a.first !== b.first) return a.first < b.first ? -1 : 1;
  return a.kind < b.kind ? -1 : a.kind === b.kind ? 0 : 1;
}

function isSameList(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((value, index) => value === b[index]);
}
