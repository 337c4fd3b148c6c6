import type { Chunk } from './chunk.js';

/** What a worker says beside the group's position: whose epoch it is, and the chunk on its way to the store. */
export interface Announcement {
  readonly epoch: number;
  /** null: nothing is on its way. */
  readonly open: ChunkRange | null;
}

/** The range and the shard of a chunk: with topic, epoch and partition all that its token holds. */
export type ChunkRange = Pick<Chunk, 'first' | 'last' | 'shard'>;

const FORM = /^v1 e(?<epoch>\d+)(?: (?<first>\d+)-(?<last>\d+) s(?<shard>\d+))?$/;

/** The announcement as the queue's opaque text, such as `v1 e1` or `v1 e1 100-199 s2`: short, and legible in Kafka's own tools. */
export function encodeIntent({ epoch, open }: Announcement): string {
  const range =
    open === null ? '' : ` ${open.first.toString()}-${open.last.toString()} s${open.shard}`;
  return `v1 e${epoch}${range}`;
}

/** The announcement of a commit; undefined for a commit that no worker of ours made (a reset by hand). */
export function decodeIntent(text: string | null): Announcement | undefined {
  const groups = FORM.exec(text ?? '')?.groups;
  if (groups === undefined) return undefined;
  const epoch = Number(groups['epoch']);
  const { first, last, shard } = groups;
  if (first === undefined || last === undefined) return { epoch, open: null };
  return { epoch, open: { first: BigInt(first), last: BigInt(last), shard: Number(shard) } };
}
