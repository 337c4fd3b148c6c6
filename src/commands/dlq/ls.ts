import * as Flags from '@oclif/core/flags';
import type { LetterFilter } from '../../engine/model/dead-letter.js';
import { parseZone } from '../../engine/time/zone.js';
import type { Store } from '../../store/clickhouse/store.js';
import { AtbdCommand } from '../_cli/atbd-command.js';
import { resolveLiveContext, type ResolvedContext } from '../_cli/context.js';
import { letterAlarm, letterBytesIn, letterSpace, type LetterSpace } from '../_cli/letter-alarm.js';
import { limitFlags, toQuestionLimits } from '../_cli/limit-flags.js';
import { showAnswer } from '../_cli/pager.js';
import { reportMissingShards } from '../_cli/partial-answer.js';
import { sanitizeJson } from '../_cli/sanitize.js';
import { diskUse } from '../_cli/stack/disk-use.js';
import { describeTerminal } from '../_cli/terminal.js';
import { groupsAnswer } from './_dlq/groups-answer.js';
import { letterFlags, readLetterFilter, type ParsedLetterFlags } from './_dlq/letter-flags.js';
import { letterAnswer } from './_dlq/letter-text.js';
import { dropAnswer, renderDrops } from './_dlq/render-drops.js';
import { renderGroups, type Canvas } from './_dlq/render-groups.js';
import { renderLetters } from './_dlq/render-letters.js';

const LIMIT_DEFAULT = 100;
const LIMIT_MAX = 100_000;

/** Lists dead letters: by reason, or one by one. */
export default class DlqLs extends AtbdCommand {
  static override summary = 'List dead letters by reason and topic, or one by one.';
  static override description =
    'A dead letter is a record that is no event: its bytes are kept, with the reason. Below each reason stand the place of its newest ' +
    'letter, for `dlq show`, and how it begins. With --each the letters themselves, newest first, page by page: a page ends with a ' +
    'cursor on stderr (in json: "next"), and the same command with --after CURSOR goes on.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --each --reason invalid_json --since 1h',
    `<%= config.bin %> <%= command.id %> --where 'producer == "cart" && size > 1000'`,
    '<%= config.bin %> <%= command.id %> --dropped',
    '<%= config.bin %> <%= command.id %> --json',
  ];
  static override flags = {
    ...letterFlags,
    each: Flags.boolean({
      summary: 'Letters instead of reasons, newest first.',
      helpGroup: 'OUTPUT',
    }),
    limit: Flags.integer({
      summary: 'Largest number of letters, with --each.',
      default: LIMIT_DEFAULT,
      min: 1,
      max: LIMIT_MAX,
      helpGroup: 'OUTPUT',
    }),
    after: Flags.string({
      summary: 'Go on after the page that ended with this cursor.',
      helpValue: 'CURSOR',
      helpGroup: 'OUTPUT',
      dependsOn: ['each'],
    }),
    dropped: Flags.boolean({
      summary: 'Instead of letters: what was dropped, when, by whom and by which filter.',
      helpGroup: 'OUTPUT',
      exclusive: ['each', ...Object.keys(letterFlags).filter((name) => name !== 'tz')],
    }),
    ...limitFlags,
  };
  static override enableJsonFlag = true;

  async run(): Promise<void> {
    const { flags } = await this.parse(DlqLs);
    const filter = await readLetterFilter(flags, null);
    const canvas = { terminal: describeTerminal(process.stdout), zone: parseZone(flags.tz) };
    const context = await resolveLiveContext({ name: flags.context });
    const { openStore } = await import('../../store/clickhouse/store.js');
    await using store = openStore(context.reader, toQuestionLimits(flags));
    const space = flags.each || flags.dropped ? undefined : await readSpace(context);
    const asked = { store, filter, canvas, isJson: this.jsonEnabled(), signal: this.signal };
    if (flags.dropped) await listDrops(asked);
    else if (flags.each) await listLetters(asked, flags);
    else await listGroups(asked, space);
  }
}

/** As `status` measures it; undefined where the store does not say. */
async function readSpace({
  store,
  letterBytesMax,
}: ResolvedContext): Promise<LetterSpace | undefined> {
  const { tables, error } = await diskUse(store);
  const isKnown = error === null || tables.length > 0;
  return isKnown ? letterSpace(letterBytesIn(tables), letterBytesMax) : undefined;
}

interface Asked {
  readonly store: Store;
  readonly filter: LetterFilter;
  readonly canvas: Canvas;
  readonly isJson: boolean;
  readonly signal: AbortSignal;
}

async function listGroups(
  { store, filter, canvas, isJson, signal }: Asked,
  space: LetterSpace | undefined,
): Promise<void> {
  const { readLetterGroups } = await import('../../store/dead-letter/letter-groups.js');
  const { rows, missingShards } = await readLetterGroups(store, filter, { signal });
  if (isJson)
    await showAnswer(
      `${sanitizeJson(groupsAnswer(rows, { space: space ?? null, missingShards }))}\n`,
    );
  else if (rows.length > 0) await showAnswer(renderGroups(rows, canvas));
  else sayNothingFound();
  const alarm = space && letterAlarm(space);
  if (alarm !== undefined) process.stderr.write(`Warning: ${alarm}\n`);
  reportMissingShards(missingShards, store.shardCount);
}

async function listLetters(
  { store, filter, canvas, isJson, signal }: Asked,
  {
    limit,
    after,
  }: ParsedLetterFlags & { readonly limit: number; readonly after: string | undefined },
): Promise<void> {
  const [{ readLetters }, { decodeLetterCursor, encodeLetterCursor }] = await Promise.all([
    import('../../store/dead-letter/letters.js'),
    import('../../store/dead-letter/letter-cursor.js'),
  ]);
  const before = after === undefined ? null : decodeLetterCursor(after, filter);
  const { fromNs, toNs } = before ?? filter;
  const page = {
    filter: { ...filter, fromNs, toNs },
    limit: limit + 1,
    after: before?.last ?? null,
  };
  const { rows, missingShards } = await readLetters(store, page, { signal });
  const letters = rows.slice(0, limit);
  const last = rows.length > limit ? letters.at(-1) : undefined;
  const next = last === undefined ? null : encodeLetterCursor({ last, fromNs, toNs }, filter);
  if (isJson) {
    const answer = { letters: letters.map(letterAnswer), next, missingShards };
    await showAnswer(`${sanitizeJson(answer)}\n`);
  } else if (letters.length > 0) await showAnswer(renderLetters(letters, canvas));
  else sayNothingFound();
  if (next !== null && !isJson) {
    process.stderr.write(`There is more. Next page: the same command with\n--after ${next}\n`);
  }
  reportMissingShards(missingShards, store.shardCount);
}

async function listDrops({ store, canvas, isJson, signal }: Asked): Promise<void> {
  const { readDrops } = await import('../../store/dead-letter/drop-letters.js');
  const { rows, missingShards } = await readDrops(store, { id: null }, { signal });
  if (isJson) {
    await showAnswer(`${sanitizeJson({ drops: rows.map(dropAnswer), missingShards })}\n`);
  } else if (rows.length > 0) await showAnswer(renderDrops(rows, canvas));
  else process.stderr.write('No dead letter was ever dropped.\n');
  reportMissingShards(missingShards, store.shardCount);
}

function sayNothingFound(): void {
  process.stderr.write('No dead letters.\n');
}
