import type { StoredEvent } from '../../../../engine/model/stored-event.js';
import type { ActionChain } from '../../../../engine/trace/action-chain.js';
import { pictureOf, type TracePicture } from '../trace-picture.js';

/** What the story of an order is drawn from. */
export interface ChainPicture {
  readonly orderId: string;
  readonly chain: ActionChain;
  /** All of them together, for the sums. */
  readonly whole: TracePicture;
  readonly pictures: readonly TracePicture[];
}

/** Looks at the actions of an order; there is at least one event. */
export function chainPictureOf(
  orderId: string,
  { chain, events }: { readonly chain: ActionChain; readonly events: readonly StoredEvent[] },
  { isExpanded }: { readonly isExpanded: boolean },
): ChainPicture {
  const pictures = chain.actions.map(({ summary, events: own }) =>
    pictureOf(summary.opId, own, { isExpanded }),
  );
  // Spans of different actions do not wait for each other.
  const whole = { ...pictureOf(orderId, events, { isExpanded: true }), critical: undefined };
  return { orderId, chain, whole, pictures };
}
