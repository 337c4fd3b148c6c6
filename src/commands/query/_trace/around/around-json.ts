import { formatRfc3339 } from '../../../../engine/model/timestamp.js';
import type { Surroundings } from '../../../../engine/model/surroundings.js';

/** What `--json` says of what else happened. */
export function describeSurroundings(around: Surroundings): Record<string, unknown> {
  const { fromNs, toNs, places, problems, changes } = around;
  return {
    from: formatRfc3339(fromNs),
    to: formatRfc3339(toNs),
    places: places.map(({ place, ...rest }) => ({ place: place === '' ? null : place, ...rest })),
    problems: problems.map(({ firstNs, lastNs, ...rest }) => ({
      ...rest,
      first: formatRfc3339(firstNs),
      last: formatRfc3339(lastNs),
    })),
    changes: changes.map(({ event }) => event),
  };
}
