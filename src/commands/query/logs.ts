import * as Args from '@oclif/core/args';
import * as Flags from '@oclif/core/flags';
import { systemClock } from '../../engine/model/clock.js';
import type { Filter } from '../../engine/model/filter.js';
import type { SelectedField } from '../../engine/model/stored-event.js';
import { parseTimeRange, type TimeRange } from '../../engine/time/time-range.js';
import { parseZone, type Zone } from '../../engine/time/zone.js';
import type { Store } from '../../store/clickhouse/store.js';
import { AtbdCommand } from '../_cli/atbd-command.js';
import { saveSearch, savedSearch } from '../_cli/config/saved-searches.js';
import { resolveLiveContext } from '../_cli/context.js';
import { filterFlags, readFilter } from '../_cli/filter-flags.js';
import { limitFlags, toQuestionLimits } from '../_cli/limit-flags.js';
import { readNameHints } from '../_cli/name-hints.js';
import { reportMissingShards } from '../_cli/partial-answer.js';
import { sanitizeText } from '../_cli/sanitize.js';
import { writeStdout } from '../_cli/stdout.js';
import { describeTerminal } from '../_cli/terminal.js';
import { timeFlags, zoneFlag } from '../_cli/time-flags.js';
import { LOG_FORMATS, type LogFormat } from './_logs/log-format.js';
import { createLogWriter } from './_logs/write/log-writer.js';
import {
  argumentsToSave,
  joinArguments,
  savedNameIn,
  type FlagShape,
} from './_logs/search-argv.js';
import { fieldsOfFormat, selectFields } from './_logs/select-fields.js';

/** What a question without a time is about: what just happened. */
const SINCE_DEFAULT = '1h';

const LIMIT_DEFAULT = 100;

/** What the server's UInt32 limit holds, less the one event that tells whether there is more. */
const LIMIT_MAX = 4_000_000_000;

/** Events written at once: enough to measure a table's columns by. */
const BATCH_EVENTS = 200;

interface LogsQuestion {
  readonly filter: Filter;
  readonly range: TimeRange;
  readonly zone: Zone;
  readonly format: LogFormat;
  readonly fields: readonly SelectedField[] | undefined;
  readonly doubts: readonly string[];
  readonly isAscending: boolean;
  readonly limit: number;
  readonly after: string | undefined;
}

/** Finds stored events by words, fields and time. */
export default class QueryLogs extends AtbdCommand {
  static override summary = 'Find events by words, fields and time; newest first.';
  static override description = `Each word must be in the message as a whole word, in any case (A to Z).
Without a time the last ${SINCE_DEFAULT} is searched. A page ends with a cursor on stderr (in json: "next"); the same command
with --after CURSOR gives the next page, and what was stored in between changes no page.
--save NAME keeps the search beside the user settings, and @NAME as the first argument asks it again; flags beside it
are added, and a time replaces the saved one. In csv a text that a spreadsheet would run as a formula gets an apostrophe in front.`;
  static override examples = [
    '<%= config.bin %> <%= command.id %> timeout --level warn+ --since 15m',
    '<%= config.bin %> <%= command.id %> --service payment -f status!=ok -f attempt=2 --output ndjson',
    `<%= config.bin %> <%= command.id %> --where 'duration_ms > 2000 || double(attrs["http.status_code"]) >= 500'`,
    '<%= config.bin %> <%= command.id %> --source payment.js:42 --from today --tz Europe/Berlin',
    '<%= config.bin %> <%= command.id %> --fields ts,op_id,message --limit 20',
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
      options: LOG_FORMATS,
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
    save: Flags.string({
      summary: 'Keep these arguments under a name, to be asked again as @NAME.',
      helpValue: 'NAME',
      helpGroup: 'OUTPUT',
    }),
  };
  static override enableJsonFlag = true;

  async run(): Promise<void> {
    this.argv = await withSavedSearch(this.argv);
    const question = await this.#readQuestion();
    const { flags } = await this.parse(QueryLogs);
    // Only what can be understood is worth keeping.
    if (flags.save !== undefined) await keepSearch(flags.save, this.argv);
    const limits = toQuestionLimits(flags);
    const { reader } = await resolveLiveContext({ name: flags.context });
    const { openStore } = await import('../../store/clickhouse/store.js');
    await using store = openStore(reader, limits);
    for (const doubt of question.doubts) process.stderr.write(`Note: ${doubt}\n`);
    await this.#answer(store, question);
  }

  async #readQuestion(): Promise<LogsQuestion> {
    const { flags, argv } = await this.parse(QueryLogs);
    const zone = parseZone(flags.tz);
    const filter = await readFilter(flags, argv as string[]);
    const range = parseTimeRange(
      {
        ...(flags.since === undefined ? {} : { since: flags.since }),
        ...(flags.from === undefined ? {} : { from: flags.from }),
        ...(flags.to === undefined ? {} : { to: flags.to }),
        ...(flags['arrived-since'] === undefined ? {} : { arrivedSince: flags['arrived-since'] }),
      },
      { clock: systemClock, zone, defaultSince: SINCE_DEFAULT },
    );
    const selection = flags.fields === undefined ? undefined : selectFields(flags.fields);
    return {
      filter,
      range,
      zone,
      format: flags.output ?? (flags.json === true ? 'json' : 'table'),
      fields: selection?.fields,
      doubts: [
        ...(selection?.doubts ?? []),
        ...(this.argv.includes('--') ? [] : doubtsAtWords(argv as string[])),
      ],
      isAscending: flags.asc,
      limit: flags.limit,
      after: flags.after,
    };
  }

  async #answer(store: Store, question: LogsQuestion): Promise<void> {
    const { filter, isAscending, limit, format, fields, zone } = question;
    const [{ readLogs }, { decodeCursor, encodeCursor }] = await Promise.all([
      import('../../store/query/logs.js'),
      import('../../store/query/log-cursor.js'),
    ]);
    const binding = { filter, isAscending };
    const after = question.after === undefined ? null : decodeCursor(question.after, binding);
    let missing: readonly number[] = [];
    const page = readLogs(
      store,
      {
        ...{ filter, isAscending, limit, after },
        range: after?.range ?? question.range,
        fields: fields ?? fieldsOfFormat(format),
      },
      { signal: this.signal, onMissing: (shards) => (missing = shards) },
    );
    const writer = createLogWriter(format, {
      terminal: describeTerminal(process.stdout),
      zone,
      fields,
    });
    const count = await writeInBatches(page.events, (events) => writeStdout(writer.write(events)));
    const next = await page.readCursor();
    const cursor = next === null ? null : encodeCursor(next, binding);
    await writeStdout(writer.end({ cursor, missingShards: missing }));
    if (cursor !== null && format !== 'json') {
      // On a line of its own, so that it can be selected at once.
      process.stderr.write(`There is more. Next page: the same command with\n--after ${cursor}\n`);
    }
    if (count === 0 && after === null) await this.#hintAtNothing(store, question);
    reportMissingShards(missing, store.shardCount);
  }

  /** Empty is an answer; but where a default or a slip may be the reason, say so. */
  async #hintAtNothing(store: Store, { filter, range }: LogsQuestion): Promise<void> {
    const lines = ['Nothing found.'];
    if (range.isDefault) {
      lines.push(`Only the last ${SINCE_DEFAULT} was searched: use --since or --from for more.`);
    }
    lines.push(...(await readNameHints(store, { filter, range }, this.signal)));
    process.stderr.write(`${lines.join('\n')}\n`);
  }
}

/** The arguments, with those of the saved search that they begin with. */
async function withSavedSearch(argv: readonly string[]): Promise<string[]> {
  const name = savedNameIn(argv);
  if (name === undefined) return [...argv];
  return joinArguments(await savedSearch(name), argv.slice(1), flagShapes());
}

/** A saved search that is not the first argument is a word like any other. */
function doubtsAtWords(words: readonly string[]): string[] {
  return words
    .filter((word) => savedNameIn([word]) !== undefined)
    .map((word) => `${sanitizeText(word)} is looked for as a word; a saved search stands first`);
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

async function writeInBatches<T>(
  items: AsyncIterable<T>,
  write: (batch: readonly T[]) => Promise<void>,
): Promise<number> {
  let count = 0;
  let batch: T[] = [];
  for await (const item of items) {
    count += 1;
    batch.push(item);
    if (batch.length < BATCH_EVENTS) continue;
    await write(batch);
    batch = [];
  }
  await write(batch);
  return count;
}
