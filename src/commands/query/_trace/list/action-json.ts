import type { ActionSummary } from '../../../../engine/model/action-summary.js';
import { formatRfc3339 } from '../../../../engine/model/timestamp.js';

/** What `--json` says of one action of a list. */
export function describeAction(action: ActionSummary): Record<string, unknown> {
  const { startNs, durationNs, opId, ...rest } = action;
  return {
    opId,
    start: formatRfc3339(startNs),
    durationMs: Number(durationNs) / 1e6,
    ...rest,
  };
}
