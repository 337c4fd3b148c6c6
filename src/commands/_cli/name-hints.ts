import { AtbdError } from '../../engine/model/error.js';
import type { Filter } from '../../engine/model/filter.js';
import { nameHints, wantedNames } from '../../engine/question/name-hint.js';
import type { Store } from '../../store/clickhouse/store.js';
import type { LogRange } from '../../store/query/log-cursor.js';

/** What nothing was found for. */
export interface EmptyQuestion {
  readonly filter: Filter;
  readonly range: LogRange;
}

/** Sentences about names in the filter that do not exist in that time, with those that were likely meant. */
export async function readNameHints(
  store: Store,
  { filter, range }: EmptyQuestion,
  signal: AbortSignal,
): Promise<string[]> {
  const wanted = wantedNames(filter);
  const fields = [...wanted.values.keys()];
  const hasAttrKeys = wanted.attrKeys.length > 0;
  if (fields.length === 0 && !hasAttrKeys) return [];
  const { readKnownNames } = await import('../../store/discovery/known-names.js');
  try {
    const known = await readKnownNames(store, { range, fields, hasAttrKeys }, { signal });
    return nameHints(wanted, known);
  } catch (error) {
    // The answer itself is there: a hint that cannot be had is none.
    if (error instanceof AtbdError && !signal.aborted) return [];
    throw error;
  }
}
