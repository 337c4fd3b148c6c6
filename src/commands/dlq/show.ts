import { isUtf8 } from 'node:buffer';
import * as Args from '@oclif/core/args';
import * as Flags from '@oclif/core/flags';
import { findJsonBreak } from '../../engine/dead-letter/broken-json.js';
import { nameOfPlace, type DeadLetter } from '../../engine/model/dead-letter.js';
import { AtbdError } from '../../engine/model/error.js';
import { quoteValue } from '../../engine/model/visible-text.js';
import { parseZone } from '../../engine/time/zone.js';
import type { Store } from '../../store/clickhouse/store.js';
import { AtbdCommand } from '../_cli/atbd-command.js';
import { resolveLiveContext, type ResolvedContext } from '../_cli/context.js';
import { limitFlags, toQuestionLimits } from '../_cli/limit-flags.js';
import { showAnswer } from '../_cli/pager.js';
import { reportMissingShards } from '../_cli/partial-answer.js';
import { sanitizeJson } from '../_cli/sanitize.js';
import { writeStdout } from '../_cli/stdout.js';
import { describeTerminal } from '../_cli/terminal.js';
import { zoneFlag } from '../_cli/time-flags.js';
import { parsePlace, type NamedPlace } from './_dlq/letter-place.js';
import { letterAnswer } from './_dlq/letter-text.js';
import { findInQueue, type QueuedLetter } from './_dlq/queued-letter.js';
import { renderLetter } from './_dlq/render-letter.js';

/** Shows one dead letter. */
export default class DlqShow extends AtbdCommand {
  static override summary = 'Show one dead letter: why it is one, whose it is, and its bytes.';
  static override description =
    'Headers, and the whole of what was too large to be stored, are read from the queue while it has them. Bytes that are no text are ' +
    'shown as a hexdump; --raw writes them as they are.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> events/3/1042',
    '<%= config.bin %> <%= command.id %> events/3/1042 --raw > letter.bin',
    '<%= config.bin %> <%= command.id %> events/3/1042 --json',
  ];
  static override args = {
    place: Args.string({
      required: true,
      description:
        'TOPIC/PARTITION/OFFSET; with TOPIC/EPOCH/PARTITION/OFFSET of that life of the topic.',
    }),
  };
  static override flags = {
    raw: Flags.boolean({
      summary: 'Write its bytes to stdout, and nothing else.',
      helpGroup: 'OUTPUT',
    }),
    ...zoneFlag,
    ...limitFlags,
  };
  static override enableJsonFlag = true;

  async run(): Promise<void> {
    const { args, flags } = await this.parse(DlqShow);
    const place = parsePlace(args.place);
    const zone = parseZone(flags.tz);
    const context = await resolveLiveContext({ name: flags.context });
    const { openStore } = await import('../../store/clickhouse/store.js');
    await using store = openStore(context.reader, toQuestionLimits(flags));
    const { letter, missingShards } = await readLetter(store, place, this.signal);
    reportMissingShards(missingShards, store.shardCount);
    const queued = await lookInQueue(store, { letter, context }, this.signal);
    if (flags.raw) await writeRaw(letter, queued, this.signal);
    else if (this.jsonEnabled()) {
      await writeStdout(`${sanitizeJson(showAnswerOf(letter, queued, missingShards))}\n`);
    } else {
      const terminal = describeTerminal(process.stdout);
      await showAnswer(renderLetter({ letter, queued }, { terminal, zone }));
    }
  }
}

async function readLetter(
  store: Store,
  place: NamedPlace,
  signal: AbortSignal,
): Promise<{ readonly letter: DeadLetter; readonly missingShards: readonly number[] }> {
  const { readLettersAt } = await import('../../store/dead-letter/letters.js');
  const { rows, missingShards } = await readLettersAt(store, place, { signal });
  // The latest life of the topic comes last.
  const letter = rows.at(-1);
  if (letter !== undefined) return { letter, missingShards };
  const where = `at ${quoteValue(nameOfPlace(place))}`;
  if (missingShards.length > 0) {
    throw new AtbdError({
      code: 'PARTIAL_ANSWER',
      message: `cannot say whether there is a dead letter ${where}: shard ${missingShards.join(', ')} does not answer`,
      hint: 'See whether the shards are up: atbd status',
    });
  }
  throw new AtbdError({
    code: 'LETTER_NOT_FOUND',
    message: `cannot find a dead letter ${where}`,
    hint: 'List them: atbd dlq ls --each',
  });
}

async function lookInQueue(
  store: Store,
  { letter, context }: { readonly letter: DeadLetter; readonly context: ResolvedContext },
  signal: AbortSignal,
): Promise<QueuedLetter> {
  const { createVerifyStore } = await import('../../store/verify/verify-store.js');
  const epochs = await createVerifyStore(store)
    .listEpochs(letter.topic, signal)
    .catch(() => []);
  const identity = epochs.find(({ epoch }) => epoch === letter.epoch)?.identity;
  return findInQueue(letter, { connection: context.queue, identity }, signal);
}

async function writeRaw(
  { raw }: DeadLetter,
  queued: QueuedLetter,
  signal: AbortSignal,
): Promise<void> {
  const whole = queued.kind === 'found' ? (queued.record.value ?? raw) : raw;
  await writeStdout(whole, signal);
}

/** What `dlq show --json` prints: an API. */
export function showAnswerOf(
  letter: DeadLetter,
  queued: QueuedLetter,
  missingShards: readonly number[],
) {
  const found = findJsonBreak(letter.raw);
  const { sample: _sample, ...summary } = letterAnswer(letter);
  return {
    ...summary,
    storedAt: new Date(letter.storedAtMs).toISOString(),
    text: isUtf8(letter.raw) ? letter.raw.toString('utf8') : null,
    base64: isUtf8(letter.raw) ? null : letter.raw.toString('base64'),
    jsonBreak: found ?? null,
    queue:
      queued.kind === 'found'
        ? { size: queued.record.value?.length ?? 0, headers: queued.record.headers ?? {} }
        : null,
    missingShards,
  };
}
