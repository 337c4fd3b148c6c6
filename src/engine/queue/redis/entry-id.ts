import { AtbdError } from '../../model/error.js';

/**
 * An entry of a stream is named by milliseconds and a sequence number, 64 bits each; an offset has 63 (the store compares
 * some as Int64). So they are packed: 43 bits of milliseconds, which last until the year 2248, then 20 bits of sequence:
 * a million entries in one millisecond. An ID beyond that is refused (`offsetOfId`), never cut.
 */
export const ID_MS_BITS = 43;
export const ID_SEQUENCE_BITS = 20;

/** The first milliseconds and the first sequence number that have no room. */
export const ID_MS_END = 2 ** ID_MS_BITS;
export const ID_SEQUENCE_END = 2 ** ID_SEQUENCE_BITS;

/** An ID in its two halves. */
export interface EntryId {
  readonly ms: number;
  readonly sequence: number;
}

/** The halves of an ID such as `1700000000000-5`; refuses one that no offset holds, naming it. */
export function parseEntryId(id: string): EntryId {
  const dash = id.indexOf('-');
  const ms = Number(id.slice(0, dash));
  const sequence = Number(id.slice(dash + 1));
  if (dash > 0 && ms < ID_MS_END && sequence < ID_SEQUENCE_END) return { ms, sequence };
  throw new AtbdError({
    code: 'QUEUE_FAILED',
    message: `cannot use the stream entry ${JSON.stringify(id)}: its ID has no place in an offset (milliseconds below 2^${ID_MS_BITS}, sequence below 2^${ID_SEQUENCE_BITS})`,
    hint: 'Let Redis choose the IDs (XADD with *). A stream that has such an entry must be made again: its later IDs are beyond, too.',
  });
}

export function offsetOfId(id: string): bigint {
  const { ms, sequence } = parseEntryId(id);
  return (BigInt(ms) << BigInt(ID_SEQUENCE_BITS)) | BigInt(sequence);
}

/** The ID that an offset stands for; beyond the limit too, so that a range may end there. */
export function idOfOffset(offset: bigint): string {
  const sequence = offset & BigInt(ID_SEQUENCE_END - 1);
  return `${(offset >> BigInt(ID_SEQUENCE_BITS)).toString()}-${sequence.toString()}`;
}
