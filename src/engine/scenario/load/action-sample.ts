import { ACTION_SAMPLE_MAX, type ActionTruth } from './story-load.js';

/** An even, repeatable choice among all actions of a story, with bounded memory: those whose ids hash lowest. */
export class ActionSample {
  #kept: { readonly rank: number; readonly action: ActionTruth }[] = [];

  add(action: ActionTruth): void {
    this.#kept.push({ rank: hashOf(action.opId), action });
    if (this.#kept.length >= 2 * ACTION_SAMPLE_MAX) this.#cut();
  }

  /** The chosen actions, in an order that has nothing to do with time. */
  get actions(): readonly ActionTruth[] {
    this.#cut();
    return this.#kept.map(({ action }) => action);
  }

  #cut(): void {
    this.#kept.sort((a, b) => a.rank - b.rank || (a.action.opId < b.action.opId ? -1 : 1));
    this.#kept.length = Math.min(this.#kept.length, ACTION_SAMPLE_MAX);
  }
}

/** FNV-1a, then a mix (murmur3's end): ids that differ in one digit lie far apart. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1)
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
