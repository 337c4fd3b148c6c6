import * as Args from '@oclif/core/args';
import * as Flags from '@oclif/core/flags';
import { AtbdCommand } from '../_cli/atbd-command.js';
import { saveSearch, savedSearch } from '../_cli/config/saved-searches.js';
import { resolveLiveContext } from '../_cli/context.js';
import { filterFlags } from '../_cli/filter-flags.js';
import { limitFlags, toQuestionLimits } from '../_cli/limit-flags.js';
import { timeFlags, zoneFlag } from '../_cli/time-flags.js';
import { answerSearch } from './_logs/answer-search.js';
import { SEARCH_FORMATS } from './_logs/log-format.js';
import { readLogsQuestion, SINCE_DEFAULT } from './_logs/logs-question.js';
import {
  argumentsToSave,
  joinArguments,
  savedNameIn,
  withValues,
  type FlagShape,
} from './_logs/search-argv.js';

const LIMIT_DEFAULT = 100;

/** What the server's UInt32 limit holds, less the one event that tells whether there is more. */
const LIMIT_MAX = 4_000_000_000;

/** More is read with a search of its own. */
const CONTEXT_LINES_MAX = 1_000;

/** Finds stored events by words, fields and time. */
export default class QueryLogs extends AtbdCommand {
  static override summary = 'Find events by words, fields and time; newest first.';
  static override description = `Each word must be in the message as a whole word, in any case (A to Z).
Without a time the last ${SINCE_DEFAULT} is searched. A page ends with a cursor on stderr (in json: "next"); the same command
with --after CURSOR gives the next page, and what was stored in between changes no page.
-A, -B and -C show each event among the lines that the same container wrote around it (or else the same pod, or the same
service on the same host), a few hours away at most: ": " stands before what was found, "- " before what is near, "--" between groups.
--histogram and --facets count all that the search finds, whatever --limit says.
--save NAME keeps the search beside the user settings, and @NAME as the first argument asks it again; flags beside it
are added, and a time replaces the saved one. In csv a text that a spreadsheet would run as a formula gets an apostrophe in front.`;
  static override examples = [
    '<%= config.bin %> <%= command.id %> timeout --level warn+ --since 15m',
    '<%= config.bin %> <%= command.id %> --service payment -f status!=ok -f attempt=2 --output ndjson',
    `<%= config.bin %> <%= command.id %> --where 'duration_ms > 2000 || double(attrs["http.status_code"]) >= 500'`,
    '<%= config.bin %> <%= command.id %> --source payment.js:42 --from today --tz Europe/Berlin',
    '<%= config.bin %> <%= command.id %> --fields ts,op_id,message --limit 20',
    '<%= config.bin %> <%= command.id %> declined --since 15m -B 5 -A 2 --limit 3',
    '<%= config.bin %> <%= command.id %> --level error+ --since 3h --histogram=5m',
    '<%= config.bin %> <%= command.id %> --level error+ --since 3h --facets=service,file,provider',
    '<%= config.bin %> <%= command.id %> --service payment --level error+ --save payment-errors',
    '<%= config.bin %> <%= command.id %> @payment-errors --since 3h',
  ];
  static override strict = false;
  static override args = {
    words: Args.string({ description: 'Words that the message must have, all of them.' }),
  };
  static override flags = {
    ...filterFlags,
    ...timeFlags,
    'arrived-since': Flags.string({
      summary: 'Stored since then, whatever their own time: finds what came late.',
      helpValue: 'TIME',
      helpGroup: 'TIME',
    }),
    ...zoneFlag,
    ...limitFlags,
    fields: Flags.string({
      summary: 'Only these fields, columns or keys of attrs, parted by commas.',
      helpValue: 'A,B',
      helpGroup: 'OUTPUT',
    }),
    output: Flags.option({
      summary: 'Format of the answer; --json is --output json.',
      char: 'o',
      options: SEARCH_FORMATS,
      helpGroup: 'OUTPUT',
    })(),
    limit: Flags.integer({
      summary: 'Largest number of events.',
      default: LIMIT_DEFAULT,
      min: 1,
      max: LIMIT_MAX,
      helpGroup: 'OUTPUT',
    }),
    asc: Flags.boolean({ summary: 'Oldest first.', helpGroup: 'OUTPUT' }),
    after: Flags.string({
      summary: 'Go on after the page that ended with this cursor.',
      helpValue: 'CURSOR',
      helpGroup: 'OUTPUT',
    }),
    'after-context': contextFlag('A', 'Lines of the same container after each event as well.'),
    'before-context': contextFlag('B', 'Lines of the same container before each event as well.'),
    'context-lines': contextFlag('C', 'Both, where -A or -B does not say otherwise.'),
    histogram: Flags.string({
      summary:
        'Instead of events: how many of each level in each interval, such as --histogram=5m; chosen to fit without a value.',
      helpValue: 'TIME',
      helpGroup: 'SUMMARY',
      exclusive: ['facets', 'after'],
    }),
    facets: Flags.string({
      summary:
        'Instead of events: the most frequent values of these fields, parted by commas, such as --facets=service,host; of the usual ones without a value.',
      helpValue: 'FIELD,…',
      helpGroup: 'SUMMARY',
      exclusive: ['histogram', 'after'],
    }),
    'show-sql': Flags.boolean({
      summary: 'Instead of asking: the SQL of it, for clickhouse-client or atbd sql.',
      helpGroup: 'SUMMARY',
      exclusive: ['explain'],
    }),
    explain: Flags.boolean({
      summary: 'Instead of the answer: what it cost to read, and what the indexes left to be read.',
      helpGroup: 'SUMMARY',
    }),
    save: Flags.string({
      summary: 'Keep these arguments under a name, to be asked again as @NAME.',
      helpValue: 'NAME',
      helpGroup: 'OUTPUT',
    }),
  };
  static override enableJsonFlag = true;

  async run(): Promise<void> {
    this.argv = await withSavedSearch(withValues(this.argv));
    const { flags, argv } = await this.parse(QueryLogs);
    const words = argv as string[];
    const question = await readLogsQuestion(flags, { argv: this.argv, words });
    const limits = toQuestionLimits(flags);
    // Only what can be understood is worth keeping.
    if (flags.save !== undefined) await keepSearch(flags.save, this.argv);
    const { reader } = await resolveLiveContext({ name: flags.context });
    const { openStore } = await import('../../store/clickhouse/store.js');
    await using store = openStore(reader, limits);
    for (const doubt of question.doubts) process.stderr.write(`Note: ${doubt}\n`);
    await answerSearch(store, { question, flags, signal: this.signal });
  }
}

/** A number of lines around each event; a container, or else a pod, or else a service of a host writes them one after the other. */
function contextFlag(char: 'A' | 'B' | 'C', summary: string) {
  return Flags.integer({
    char,
    summary,
    min: 0,
    max: CONTEXT_LINES_MAX,
    helpValue: 'N',
    helpGroup: 'CONTEXT',
  });
}

/** The arguments, with those of the saved search that they begin with. */
async function withSavedSearch(argv: readonly string[]): Promise<string[]> {
  const name = savedNameIn(argv);
  if (name === undefined) return [...argv];
  return joinArguments(await savedSearch(name), argv.slice(1), flagShapes());
}

function flagShapes(): FlagShape[] {
  const flags = { ...QueryLogs.baseFlags, ...QueryLogs.flags };
  const shapes = Object.entries(flags).map(([name, { type, char, ...flag }]) => ({
    ...{ name, char, hasValue: type === 'option' },
    isMultiple: 'multiple' in flag && flag.multiple,
  }));
  return [...shapes, { name: 'json', hasValue: false, isMultiple: false }];
}

async function keepSearch(name: string, argv: readonly string[]): Promise<void> {
  const { replaced } = await saveSearch(name, argumentsToSave(argv, flagShapes()));
  process.stderr.write(
    `${replaced ? 'Replaced' : 'Saved'} @${name}. Ask it again: atbd query logs @${name}\n`,
  );
}
