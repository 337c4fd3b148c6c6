import type { Store } from '../../../store/clickhouse/store.js';
import { readNameHints } from '../../_cli/name-hints.js';
import { SINCE_DEFAULT, type LogsQuestion } from './logs-question.js';

/** Empty is an answer; but where a default or a slip may be the reason, say so. */
export async function hintAtNothing(
  store: Store,
  { filter, range }: Pick<LogsQuestion, 'filter' | 'range'>,
  signal: AbortSignal,
): Promise<void> {
  const lines = ['Nothing found.'];
  if (range.isDefault) {
    lines.push(`Only the last ${SINCE_DEFAULT} was searched: use --since or --from for more.`);
  }
  lines.push(...(await readNameHints(store, { filter, range }, signal)));
  process.stderr.write(`${lines.join('\n')}\n`);
}
