import { nameOfPlace } from '../../../engine/model/dead-letter.js';
import type { LetterSpace } from '../../_cli/letter-alarm.js';
import type { LetterGroup } from '../../../store/dead-letter/letter-groups.js';

/** What `dlq ls --json` prints: an API. */
export interface GroupsAnswer {
  readonly groups: readonly {
    readonly reason: string;
    readonly topic: string;
    readonly waiting: number;
    readonly replayed: number;
    readonly bytes: number;
    readonly first: string;
    readonly last: string;
    /** The newest letter: where it is, and how it begins. */
    readonly newest: { readonly position: string; readonly sample: string };
  }[];
  readonly waiting: number;
  readonly replayed: number;
  readonly bytes: number;
  /** What all of them take on the disk, whatever is asked for; null where the store does not say. */
  readonly space: LetterSpace | null;
  readonly missingShards: readonly number[];
}

export function groupsAnswer(
  groups: readonly LetterGroup[],
  { space, missingShards }: Pick<GroupsAnswer, 'space' | 'missingShards'>,
): GroupsAnswer {
  const sum = (of: (group: LetterGroup) => number): number =>
    groups.reduce((total, group) => total + of(group), 0);
  return {
    groups: groups.map(({ reason, topic, waiting, replayed, bytes, firstMs, lastMs, newest }) => ({
      ...{ reason, topic, waiting, replayed, bytes },
      first: new Date(firstMs).toISOString(),
      last: new Date(lastMs).toISOString(),
      newest: {
        position: nameOfPlace({ topic, ...newest }),
        sample: newest.sample.toString('utf8'),
      },
    })),
    waiting: sum(({ waiting }) => waiting),
    replayed: sum(({ replayed }) => replayed),
    bytes: sum(({ bytes }) => bytes),
    space,
    missingShards,
  };
}
