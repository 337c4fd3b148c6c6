import { AtbdError } from '../../../engine/model/error.js';
import { quoteValue } from '../../../engine/model/visible-text.js';

/** A place as a user names it; epoch null: in the topic's latest life that has a letter there. */
export interface NamedPlace {
  readonly topic: string;
  readonly epoch: number | null;
  readonly partition: number;
  readonly offset: bigint;
}

const PLACE =
  /^(?<topic>[^/]+)\/(?:(?<epoch>\d{1,9})\/)?(?<partition>\d{1,9})\/(?<offset>\d{1,19})$/u;

/** Reads `TOPIC/PARTITION/OFFSET`, and `TOPIC/EPOCH/PARTITION/OFFSET` as `verify` names partitions; rejects with USAGE_INVALID. */
export function parsePlace(text: string): NamedPlace {
  const groups = PLACE.exec(text)?.groups;
  if (groups !== undefined) {
    const { topic = '', epoch, partition, offset = '' } = groups;
    return {
      topic,
      epoch: epoch === undefined ? null : Number(epoch),
      partition: Number(partition),
      offset: BigInt(offset),
    };
  }
  throw new AtbdError({
    code: 'USAGE_INVALID',
    message: `cannot read ${quoteValue(text)}: it is no place of a dead letter`,
    hint: 'Write TOPIC/PARTITION/OFFSET as `atbd dlq ls --each` does, for example events/0/58.',
  });
}
