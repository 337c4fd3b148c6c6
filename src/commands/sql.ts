import * as Args from '@oclif/core/args';
import * as Flags from '@oclif/core/flags';
import { AtbdError } from '../engine/model/error.js';
import type { SqlAnswer } from '../store/sql/run-sql.js';
import { AtbdCommand } from './_cli/atbd-command.js';
import { resolveLiveContext } from './_cli/context.js';
import { limitFlags, toQuestionLimits } from './_cli/limit-flags.js';
import { reportMissingShards } from './_cli/partial-answer.js';
import { readParams, unusedParams } from './_cli/sql/read-params.js';
import { readStatement } from './_cli/sql/read-statement.js';
import { chooseFormat, type SqlFormat, type SqlWriter } from './_cli/sql/sql-format.js';
import { createSqlWriter } from './_cli/sql/sql-writer.js';
import { AnswerOutput } from './_cli/pager.js';
import { describeTerminal } from './_cli/terminal.js';

/** Runs a statement of the user's own. */
export default class Sql extends AtbdCommand {
  static override summary = 'Run one SQL statement as the read-only user, on all shards.';
  static override description = `The tables are events and its figures per minute (SHOW TABLES); what is asked of them is asked of every shard.
The user reads atbd's tables and nothing else: no files, no URLs, no other servers. A value goes beside the text:
{name:Type} in it, -p name=value here. Rows come as the server sends them, whatever their number; when the answer breaks off,
the exit code says so. On a terminal it is a table fitted to the width, in a pipe TSV with a line of names; FORMAT in the
text or --format is any format of ClickHouse, byte for byte, but made harmless on a terminal.`;
  static override examples = [
    '<%= config.bin %> <%= command.id %> -q "SELECT service, count() FROM events GROUP BY service"',
    '<%= config.bin %> <%= command.id %> report.sql -p since=2026-11-20 -p service=payment --format CSVWithNames > report.csv',
    'atbd query logs --level error+ --show-sql | <%= config.bin %> <%= command.id %> -',
    `<%= config.bin %> <%= command.id %> -q 'SELECT * FROM events WHERE op_id = {id:String} ORDER BY ts' -p id=67e2d914 --format Parquet > op.parquet`,
  ];
  static override args = {
    file: Args.string({
      description: 'File with the statement; - or nothing: standard input.',
      // Otherwise the parser takes what is piped for the name of the file.
      ignoreStdin: true,
    }),
  };
  static override flags = {
    query: Flags.string({
      char: 'q',
      summary: 'The statement itself, instead of a file.',
      helpValue: 'SQL',
    }),
    param: Flags.string({
      char: 'p',
      summary: 'Value of {NAME:Type} in the statement; may be given more than once.',
      helpValue: 'NAME=VALUE',
      multiple: true,
      multipleNonGreedy: true,
    }),
    format: Flags.string({
      summary:
        'table, or any format of ClickHouse; a table on a terminal, TSVWithNames otherwise. --json is one document with columns and rows.',
      helpValue: 'FORMAT',
      helpGroup: 'OUTPUT',
    }),
    ...limitFlags,
  };
  static override enableJsonFlag = true;

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Sql);
    const limits = toQuestionLimits(flags);
    const params = readParams(flags.param ?? []);
    const sql = await readStatement({ file: args.file, text: flags.query });
    for (const name of unusedParams(sql, params)) {
      process.stderr.write(`Note: the statement does not ask for {${name}:…}\n`);
    }
    const terminal = describeTerminal(process.stdout);
    const { isTerminal } = terminal;
    const wanted = chooseFormat({ format: flags.format, isJson: flags.json === true, isTerminal });
    const [{ reader }, { openStore }, { runSql }] = await Promise.all([
      resolveLiveContext({ name: flags.context }),
      import('../store/clickhouse/store.js'),
      import('../store/sql/run-sql.js'),
    ]);
    await using store = openStore(reader, limits);
    const statement = { sql, params, defaultFormat: wanted.wire, settings: wanted.settings };
    const answer = await runSql(store, statement, { signal: this.signal });
    const writer = createSqlWriter(formatOf(answer, wanted), terminal);
    await this.#write(answer, writer);
    reportMissingShards(answer.missingShards, store.shardCount);
  }

  async #write({ bytes, missingShards }: SqlAnswer, writer: SqlWriter): Promise<void> {
    const { signal } = this;
    await using output = new AnswerOutput();
    try {
      for await (const chunk of bytes) await output.write(writer.write(chunk), signal);
    } catch (error) {
      // What has come is shown, and then why there is no more.
      if (!signal.aborted) await output.write(writer.breakOff(), signal);
      throw error;
    }
    await output.write(writer.end(missingShards), signal);
  }
}

/** As it was asked for, unless the text says FORMAT itself. */
function formatOf({ format }: SqlAnswer, wanted: SqlFormat): SqlFormat {
  if (wanted.kind === 'raw' || format === undefined || format === wanted.wire) return wanted;
  if (wanted.kind === 'table') return { ...wanted, kind: 'raw' };
  throw new AtbdError({
    code: 'USAGE_INVALID',
    message: `cannot give --json: the statement says FORMAT ${format}`,
    hint: 'Leave one of them out.',
  });
}
