import * as Args from '@oclif/core/args';
import * as Flags from '@oclif/core/flags';
import { parseFilter } from '../../../engine/filter/filter.js';
import { systemClock } from '../../../engine/model/clock.js';
import type { ActionSummary } from '../../../engine/model/action-summary.js';
import { parseTimeRange } from '../../../engine/time/time-range.js';
import { parseZone, type Zone } from '../../../engine/time/zone.js';
import { AtbdCommand } from '../../_cli/atbd-command.js';
import { resolveLiveContext } from '../../_cli/context.js';
import { csvCell } from '../../_cli/csv-cell.js';
import { limitFlags, toQuestionLimits } from '../../_cli/limit-flags.js';
import { reportMissingShards } from '../../_cli/partial-answer.js';
import { sanitizeJson } from '../../_cli/sanitize.js';
import { showAnswer } from '../../_cli/pager.js';
import { describeTerminal } from '../../_cli/terminal.js';
import { timeFlags, zoneFlag } from '../../_cli/time-flags.js';
import { describeAction } from '../_trace/list/action-json.js';
import { renderActions } from '../_trace/list/render-actions.js';

/** What a question without a time is about: what just happened. */
const SINCE_DEFAULT = '1h';

const LIMIT_DEFAULT = 20;
const LIMIT_MAX = 10_000;

/** Finds actions by what their events say. */
export default class QueryTraceFind extends AtbdCommand {
  static override summary = 'Find actions by a condition on their events; the latest first.';
  static override description = `A condition in CEL (docs/conditions.md). Each comparison in it holds for an action when some event of the action satisfies it:
spans have durations and log lines have levels, so no single event would satisfy both of duration_ms > 2000 && level == "error".
&&, || and ! join them for the action as a whole: !(level == "error") and level != "error" find actions without an error.
With --same-event one event must satisfy all of it. Without a time the last ${SINCE_DEFAULT} is searched.`;
  static override examples = [
    `<%= config.bin %> <%= command.id %> 'duration_ms > 2000 && level == "error"'`,
    `<%= config.bin %> <%= command.id %> 'status == "timeout"' --service payment --since 1d`,
    `<%= config.bin %> <%= command.id %> 'service == "payment" && level == "error"' --same-event`,
  ];
  static override args = {
    condition: Args.string({ required: true, description: 'Condition in CEL.' }),
  };
  static override flags = {
    'same-event': Flags.boolean({ summary: 'One event must satisfy the whole condition.' }),
    service: Flags.string({
      summary: 'Look at events of these services only, by name.',
      multiple: true,
      multipleNonGreedy: true,
      delimiter: ',',
    }),
    ...timeFlags,
    ...zoneFlag,
    output: Flags.option({
      summary: 'Format of the answer; --json is --output json.',
      char: 'o',
      options: ['table', 'json', 'csv'] as const,
      helpGroup: 'OUTPUT',
    })(),
    limit: Flags.integer({
      summary: 'Largest number of actions.',
      default: LIMIT_DEFAULT,
      min: 1,
      max: LIMIT_MAX,
      helpGroup: 'OUTPUT',
    }),
    ...limitFlags,
  };
  static override enableJsonFlag = true;

  async run(): Promise<void> {
    const { args, flags } = await this.parse(QueryTraceFind);
    const zone = parseZone(flags.tz);
    const { compileWhere } = await import('../../../engine/filter/where/compile-where.js');
    const condition = compileWhere(args.condition, { flag: 'the condition' });
    const { since, from, to } = flags;
    const range = parseTimeRange(
      {
        ...(since === undefined ? {} : { since }),
        ...(from === undefined ? {} : { from }),
        ...(to === undefined ? {} : { to }),
      },
      { clock: systemClock, zone, defaultSince: SINCE_DEFAULT },
    );
    const limits = toQuestionLimits(flags);
    const [{ reader }, { openStore }, { findActions }, { summarizeActions }] = await Promise.all([
      resolveLiveContext({ name: flags.context }),
      import('../../../store/clickhouse/store.js'),
      import('../../../store/query/trace/find-actions.js'),
      import('../../../store/query/trace/summarize-actions.js'),
    ]);
    await using store = openStore(reader, limits);
    const options = { signal: this.signal };
    const found = await findActions(
      store,
      {
        condition,
        isOneEvent: flags['same-event'],
        events: parseFilter({ anyOf: { service: flags.service ?? [] } }),
        fromNs: range.fromNs,
        toNs: range.toNs,
        limit: flags.limit,
      },
      options,
    );
    const ids = found.rows.map(({ opId }) => opId);
    const summed = await summarizeActions(store, ids, options);
    const missing = [...new Set([...found.missingShards, ...summed.missingShards])].sort(
      (a, b) => a - b,
    );
    const actionCount = found.rows[0]?.actionCount ?? 0;
    const answer = { actions: summed.actions, actionCount, missing };
    await showAnswer(
      render(answer, flags.output ?? (flags.json === true ? 'json' : 'table'), zone),
    );
    if (actionCount === 0) {
      const hint = range.isDefault
        ? ` Only the last ${SINCE_DEFAULT} was searched: use --since or --from for more.`
        : '';
      process.stderr.write(`Nothing found.${hint}\n`);
    }
    if (ids.length < actionCount) {
      process.stderr.write(
        `Warning: only the latest ${ids.length} of ${actionCount} actions are shown (--limit)\n`,
      );
    }
    reportMissingShards(missing, store.shardCount);
  }
}

interface Answer {
  readonly actions: readonly ActionSummary[];
  readonly actionCount: number;
  readonly missing: readonly number[];
}

function render(answer: Answer, format: 'table' | 'json' | 'csv', zone: Zone): string {
  const { actions, actionCount, missing } = answer;
  if (format === 'json') {
    const lines = actions.map((action) => sanitizeJson(describeAction(action)));
    const head = { actionCount, isTruncated: actions.length < actionCount, missingShards: missing };
    return `${sanitizeJson(head).slice(0, -1)},"actions":[\n${lines.join(',\n')}\n]}\n`;
  }
  if (format === 'csv') return toCsv(actions);
  if (actions.length === 0) return '';
  const { width, paint, isTerminal } = describeTerminal(process.stdout);
  return [...renderActions(actions, { width, paint, zone, isEndless: !isTerminal }), ''].join('\n');
}

const CSV_COLUMNS = [
  'opId',
  'start',
  'durationMs',
  'operation',
  'outcome',
  'orderId',
  'services',
  'eventCount',
  'errorCount',
  'failureCount',
];

function toCsv(actions: readonly ActionSummary[]): string {
  const rows = actions.map((action) => {
    const fields = describeAction(action);
    return CSV_COLUMNS.map((name) => {
      const value = fields[name];
      return csvCell(Array.isArray(value) ? value.join(' ') : String(value));
    });
  });
  return [CSV_COLUMNS, ...rows].map((cells) => `${cells.join(',')}\r\n`).join('');
}
