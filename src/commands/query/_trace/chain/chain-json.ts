import { formatRfc3339 } from '../../../../engine/model/timestamp.js';
import type {
  ActionChain,
  ChainAttempt,
  ChainedAction,
} from '../../../../engine/trace/action-chain.js';
import { describeAction } from '../list/action-json.js';

/** What `--json` says of an order besides its events. */
export function describeChain(
  orderId: string,
  { actions, attempts }: ActionChain,
): Record<string, unknown> {
  const starts = actions.map(({ summary }) => summary.startNs);
  const ends = actions.map(({ summary }) => summary.startNs + summary.durationNs);
  const startNs = starts.reduce((a, b) => (b < a ? b : a), starts[0] ?? 0n);
  const endNs = ends.reduce((a, b) => (b > a ? b : a), startNs);
  return {
    id: orderId,
    start: formatRfc3339(startNs),
    durationMs: Number(endNs - startNs) / 1e6,
    attempts: attempts.map(attemptToJson),
    actions: actions.map(actionToJson),
  };
}

function attemptToJson({ tsNs, opId, attempt, provider, status }: ChainAttempt): unknown {
  return { ts: formatRfc3339(tsNs), opId, attempt: attempt ?? null, provider, status };
}

function actionToJson({ summary, gapNs }: ChainedAction): unknown {
  return { ...describeAction(summary), gapMs: gapNs === undefined ? null : Number(gapNs) / 1e6 };
}
