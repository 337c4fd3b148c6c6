import { formatDuration, formatLocal } from '../../../../engine/time/format.js';
import type { ChainAttempt } from '../../../../engine/trace/action-chain.js';
import { sanitizeText } from '../../../_cli/sanitize.js';
import { clipText } from '../../../_cli/text-width.js';
import { flow, label, LABEL_WIDTH, plural, problemLines, serviceParts } from './header-part.js';
import { countRepeats } from '../waterfall/node-text.js';
import type { Pen } from '../waterfall/pen.js';
import type { ChainPicture } from '../chain/chain-picture.js';

/** The story in short: when, how long, who took part, how often it was tried and with what success, what went wrong first. */
export function* renderChainHeader(picture: ChainPicture, pen: Pen): Generator<string> {
  const { orderId, chain, whole } = picture;
  const { summary } = whole;
  const { paint, width, zone } = pen;
  const { date, time, offset } = formatLocal(summary.startNs, zone);
  const start = `${date} ${time} ${offset}`;
  const over = formatDuration(summary.durationNs);
  const eventCount = chain.actions.reduce((sum, { events }) => sum + events.length, 0);
  const counts = `${plural(chain.actions.length, 'action')}, ${plural(eventCount, 'event')}`;
  yield `${label('order', pen)}${paint('bold', clipText(sanitizeText(orderId), width - LABEL_WIDTH))}`;
  yield* flow('start', pen, [
    [start, start],
    [`over ${over}`, `${paint('dim', 'over')} ${paint('bold', over)}`],
    [counts, counts],
  ]);
  yield* flow('in', pen, serviceParts(summary, pen));
  yield* problemLines(summary, pen);
  for (const line of attemptTexts(chain.attempts)) {
    yield `${label('attempts', pen)}${clipText(sanitizeText(line), width - LABEL_WIDTH)}`;
  }
}

/** `acme ×4: timeout, timeout, failed, ok`, a line per provider in the order in which they were asked. */
function attemptTexts(attempts: readonly ChainAttempt[]): string[] {
  const byProvider = new Map<string, string[]>();
  for (const { provider, status } of attempts) {
    const known = byProvider.get(provider);
    if (known === undefined) byProvider.set(provider, [status || '?']);
    else known.push(status || '?');
  }
  return Array.from(byProvider, ([provider, statuses]) =>
    `${provider} ×${statuses.length}: ${countRepeats(statuses)}`.trim(),
  );
}
