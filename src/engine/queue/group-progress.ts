import type { GroupPosition, GroupProgress, TopicDescription } from '../model/queue.js';

/** For queues whose offsets number their records. */
export function progressByOffsets(
  { partitions }: Pick<TopicDescription, 'partitions'>,
  positions: ReadonlyMap<number, GroupPosition>,
): ReadonlyMap<number, GroupProgress> {
  return new Map(
    partitions.map(({ partition, start, end }) => {
      const position = positions.get(partition)?.position ?? start;
      const reached = position > start ? position : start;
      return [partition, { finished: reached - start, waiting: end - reached }];
    }),
  );
}
