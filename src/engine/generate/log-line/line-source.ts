import type { Random } from '../../model/random.js';
import type { WordPool } from './word-pool.js';

/** What a line is made from: its moment, chance and words. */
export interface LineSource {
  readonly random: Random;
  readonly words: WordPool;
}

/** One line without its end. */
export type RenderLine = (timeMs: number, source: LineSource) => string;

export function pick<T>(random: Random, from: readonly T[]): T {
  const value = from[random.integerBelow(from.length)];
  if (value === undefined) throw new Error('BUG: nothing to pick from');
  return value;
}

/** A table of values that come as often as their weight says, relative to the others. */
export function createPick<T>(weights: readonly (readonly [T, number])[]): (random: Random) => T {
  const slots = weights.flatMap(([value, weight]) => Array.from({ length: weight }, () => value));
  return (random) => pick(random, slots);
}
