import { randomUUID } from 'node:crypto';
import * as Flags from '@oclif/core/flags';
import {
  parseChange,
  repairLetter,
  type Change,
  type Refusal,
} from '../../engine/dead-letter/repair-letter.js';
import { pagesOfWaiting, replayLetters } from '../../engine/dead-letter/replay.js';
import { createTopicMappers, type MapRecord } from '../../engine/edge/topic/topic-mapper.js';
import { systemClock } from '../../engine/model/clock.js';
import type { LetterFilter, ReplayRun, ReplayStore } from '../../engine/model/dead-letter.js';
import { AtbdError } from '../../engine/model/error.js';
import { isGone, ownProcess } from '../../engine/queue/embedded/process-identity.js';
import { openQueue } from '../../engine/queue/open-queue.js';
import type { Store } from '../../store/clickhouse/store.js';
import { AtbdCommand } from '../_cli/atbd-command.js';
import { resolveLiveContext, type ResolvedContext } from '../_cli/context.js';
import { writeStdout } from '../_cli/stdout.js';
import { describeTerminal } from '../_cli/terminal.js';
import { letterFlags, readLetterFilter, writtenFilter } from './_dlq/letter-flags.js';
import { countOf, renderReplay, type ReplayAnswer } from './_dlq/render-replay.js';
import { userName } from './_dlq/user-name.js';

/** Puts dead letters back into the queue, each once. */
export default class DlqReplay extends AtbdCommand {
  static override summary = 'Put dead letters back into the queue as events, each exactly once.';
  static override description = `A letter goes to the topic it came from, under its own key, with the header atbd-replay-of that names it; it stays
where it is and counts as replayed. Killed at any step and run again, no letter is sent twice.
--set makes an event of it: FIELD=VALUE for the event's own fields and attrs.KEY; a value that is JSON is that, anything else is a text,
and @raw, @key and @time are the letter's bytes, key and queue time. A letter that is no object needs one that keeps its text.
What would be a dead letter again is not sent, and counted. Without --yes it says what would be sent, and exits with 9.`;
  static override examples = [
    '<%= config.bin %> <%= command.id %> --reason invalid_json --set message=@raw --set service=legacy --set ts=@time --dry-run',
    `<%= config.bin %> <%= command.id %> --where 'producer == "cart"' --set message=@raw --set service=cart --yes`,
    '<%= config.bin %> <%= command.id %> --reason tombstone --set type=order.cancelled --set order_id=@key --yes --json',
  ];
  static override flags = {
    ...letterFlags,
    set: Flags.string({
      summary: 'Field of the event and what it gets; may be given more than once.',
      helpValue: 'FIELD=VALUE',
      multiple: true,
      multipleNonGreedy: true,
      default: [],
    }),
    'dry-run': Flags.boolean({ summary: 'Only say what would be sent.', exclusive: ['yes'] }),
    yes: Flags.boolean({ summary: 'Send them.' }),
    'take-over': Flags.boolean({
      summary:
        'Say that every other replay is dead, and that what the queue cannot show any more was not sent.',
      dependsOn: ['yes'],
    }),
  };
  static override enableJsonFlag = true;

  async run(): Promise<void> {
    const { flags } = await this.parse(DlqReplay);
    const changes = flags.set.map(parseChange);
    const filter = await readLetterFilter(flags, 'waiting');
    const context = await resolveLiveContext({ name: flags.context });
    const [{ openStore }, { createReplayStore }] = await Promise.all([
      import('../../store/clickhouse/store.js'),
      import('../../store/dead-letter/replay-store.js'),
    ]);
    await using reader = openStore(context.reader);
    await using writer = openStore(context.store);
    const mappers = createTopicMappers(context.topics);
    const job = {
      reader,
      store: createReplayStore({ reader, writer }),
      filter,
      changes,
      mappers,
      signal: this.signal,
    };
    const answer = flags.yes
      ? await send(job, context, {
          takeOver: flags['take-over'],
          filter: writtenFilter(flags),
          changes: flags.set.join(' '),
        })
      : await preview(job);
    if (this.jsonEnabled()) this.logJson(answer);
    else await writeStdout(renderReplay(answer, describeTerminal(process.stdout)));
    if (!flags.yes && !flags['dry-run'] && answer.events > 0) throw unconfirmed(answer.events);
  }
}

interface Job {
  readonly reader: Store;
  readonly store: ReplayStore;
  readonly filter: LetterFilter;
  readonly changes: readonly Change[];
  readonly mappers: ReadonlyMap<string, MapRecord>;
  readonly signal: AbortSignal;
}

/** Makes the events and sends none. */
async function preview({ store, filter, changes, mappers, signal }: Job): Promise<ReplayAnswer> {
  const refused: Partial<Record<Refusal, number>> = {};
  let events = 0;
  let first: string | null = null;
  for await (const letters of pagesOfWaiting(store, filter, signal)) {
    for (const letter of letters) {
      const repaired = repairLetter(letter, changes, mappers.get(letter.topic));
      if (repaired.kind === 'refused') refused[repaired.why] = (refused[repaired.why] ?? 0) + 1;
      else {
        events += 1;
        first ??= repaired.value.toString('utf8');
      }
    }
  }
  await sayIfUnsettled(store, signal);
  return { dryRun: true, events, refused, recovered: 0, first };
}

/** A killed run may have sent some of those that count as waiting. */
async function sayIfUnsettled(store: ReplayStore, signal: AbortSignal): Promise<void> {
  const open = await store.openRuns(signal);
  if (open.length === 0) return;
  process.stderr.write(
    'Note: a replay has begun and not ended. If it was killed, what it had sent is found out first, so that it may be fewer.\n',
  );
}

async function send(
  { reader, store, filter, changes, mappers, signal }: Job,
  { queue: connection }: ResolvedContext,
  asked: Pick<ReplayRun, 'filter' | 'changes'> & { readonly takeOver: boolean },
): Promise<ReplayAnswer> {
  const { readLetterGroups } = await import('../../store/dead-letter/letter-groups.js');
  const { rows } = await readLetterGroups(reader, filter, { signal, requireAll: true });
  const topics = [...new Set(rows.map(({ topic }) => topic))];
  const own = ownProcess();
  const self = {
    ...{ id: randomUUID(), who: userName(), filter: asked.filter, changes: asked.changes },
    ...{ host: own.host, pid: own.pid, born: own.startedAt },
  };
  await using queue = await openQueue(connection);
  const result = await replayLetters(
    { self, filter, changes, mappers, topics, takeOver: asked.takeOver },
    {
      ...{ queue, store, clock: systemClock, signal },
      isGone: ({ host, pid, born }) => isGone({ host, pid, startedAt: born }, own),
    },
  );
  const { sent: events, refused, recovered } = result;
  return { dryRun: false, events, refused, recovered, first: null };
}

function unconfirmed(count: number): AtbdError {
  return new AtbdError({
    code: 'CONFIRMATION_NEEDED',
    message: `cannot send ${countOf(count, 'letter')} again without --yes`,
    hint: 'If that is what you mean, the same command with --yes.',
  });
}
