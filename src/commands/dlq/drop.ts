import { randomUUID } from 'node:crypto';
import * as Flags from '@oclif/core/flags';
import { AtbdError } from '../../engine/model/error.js';
import { parseZone } from '../../engine/time/zone.js';
import type { LetterGroup } from '../../store/dead-letter/letter-groups.js';
import { AtbdCommand } from '../_cli/atbd-command.js';
import { resolveLiveContext } from '../_cli/context.js';
import { describeTerminal } from '../_cli/terminal.js';
import { letterFlags, readLetterFilter, writtenFilter } from './_dlq/letter-flags.js';
import { byteText } from './_dlq/letter-text.js';
import { renderGroups } from './_dlq/render-groups.js';
import { countOf } from './_dlq/render-replay.js';
import { userName } from './_dlq/user-name.js';

/** Removes dead letters, and keeps a line that says so. */
export default class DlqDrop extends AtbdCommand {
  static override summary =
    'Remove dead letters for good, and keep who did so, when and by which filter.';
  static override description =
    'Without --yes it shows what would go, and exits with 9. What is dropped stays counted: `dlq ls --dropped` lists it, and `verify` ' +
    'takes it as explained, where a letter that was deleted by hand is missed. Every shard must answer. Cut off half-way, the same ' +
    'command drops the rest.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> --replayed --yes',
    '<%= config.bin %> <%= command.id %> --topic events --reason tombstone',
    `<%= config.bin %> <%= command.id %> --to now-30d --where 'size > 100000' --yes --json`,
  ];
  static override flags = {
    ...letterFlags,
    replayed: Flags.boolean({
      summary: 'Only letters that are in the queue again (`dlq replay`).',
      helpGroup: 'FILTER',
    }),
    yes: Flags.boolean({ summary: 'Drop them.' }),
  };
  static override enableJsonFlag = true;

  async run(): Promise<void> {
    const { flags } = await this.parse(DlqDrop);
    const filter = await readLetterFilter(flags, flags.replayed ? 'replayed' : null);
    const context = await resolveLiveContext({ name: flags.context });
    const [{ openStore }, { readLetterGroups }, { dropLetters, readDrops }] = await Promise.all([
      import('../../store/clickhouse/store.js'),
      import('../../store/dead-letter/letter-groups.js'),
      import('../../store/dead-letter/drop-letters.js'),
    ]);
    const options = { signal: this.signal, requireAll: true };
    await using reader = openStore(context.reader);
    // First in any case: nothing is dropped while a shard does not answer.
    const { rows } = await readLetterGroups(reader, filter, options);
    if (!flags.yes || rows.length === 0) {
      const canvas = { terminal: describeTerminal(process.stdout), zone: parseZone(flags.tz) };
      if (rows.length > 0) this.log(renderGroups(rows, canvas).trimEnd());
      this.#finish({ ...previewOf(rows), dryRun: !flags.yes });
      return;
    }
    await using writer = openStore(context.store);
    const written = [writtenFilter(flags), ...(flags.replayed ? ['--replayed'] : [])].join(' ');
    const asked = { id: randomUUID(), by: userName(), filter: written.trim() };
    await dropLetters(writer, filter, { asked, signal: this.signal });
    const [drop] = (await readDrops(reader, { id: asked.id }, options)).rows;
    const { letters = 0, bytes = 0 } = drop ?? {};
    this.#finish({ dryRun: false, id: drop?.id ?? null, letters, bytes });
  }

  #finish(answer: DropResult): void {
    const { dryRun, letters, bytes } = answer;
    if (this.jsonEnabled()) this.logJson(answer);
    else if (letters === 0) process.stderr.write('No dead letters.\n');
    else {
      const said = `${countOf(letters, 'dead letter')} (${byteText(bytes)})`;
      if (!dryRun)
        this.log(`Dropped ${said}. Who, when and by which filter: atbd dlq ls --dropped`);
    }
    if (dryRun && letters > 0) throw unconfirmed(letters);
  }
}

/** What `dlq drop --json` prints: an API. */
export interface DropResult {
  /** Nothing was dropped: it says what would be. */
  readonly dryRun: boolean;
  /** As `dlq ls --dropped` has it; null when nothing was dropped. */
  readonly id: string | null;
  readonly letters: number;
  readonly bytes: number;
}

function previewOf(groups: readonly LetterGroup[]): DropResult {
  return {
    dryRun: true,
    id: null,
    letters: groups.reduce((sum, { waiting, replayed }) => sum + waiting + replayed, 0),
    bytes: groups.reduce((sum, { bytes }) => sum + bytes, 0),
  };
}

function unconfirmed(count: number): AtbdError {
  return new AtbdError({
    code: 'CONFIRMATION_NEEDED',
    message: `cannot drop ${countOf(count, 'dead letter')} without --yes`,
    hint: 'They cannot be brought back once the queue has trimmed them. If you mean it, the same command with --yes.',
  });
}
