import * as Args from '@oclif/core/args';
import * as Flags from '@oclif/core/flags';
import type { Surroundings } from '../../engine/model/surroundings.js';
import { requireDuration } from '../../engine/time/duration.js';
import { parseZone, type Zone } from '../../engine/time/zone.js';
import type { Store } from '../../store/clickhouse/store.js';
import { AtbdCommand } from '../_cli/atbd-command.js';
import { resolveLiveContext } from '../_cli/context.js';
import { limitFlags, toQuestionLimits } from '../_cli/limit-flags.js';
import { reportMissingShards } from '../_cli/partial-answer.js';
import { writeStdout } from '../_cli/stdout.js';
import { zoneFlag } from '../_cli/time-flags.js';
import { notFound, readAskedId, unknown, type AskedId } from './_trace/lookup/asked-id.js';
import type { Found, LookUpOptions } from './_trace/lookup/look-up.js';

/** Beyond this a picture helps nobody; `query logs -f op_id=…` pages through the rest. */
const EVENTS_DEFAULT = 10_000;

/** A trace is held in memory: about 1 kB an event. */
const EVENTS_MAX = 1_000_000;

/** What fits a terminal. */
const ACTIONS_DEFAULT = 20;

/** What `summarizeActions` takes at once. */
const ACTIONS_MAX = 10_000;

/** Shows every event of one action, across all services, from whatever ID is at hand. */
export default class QueryTrace extends AtbdCommand {
  static override summary =
    'Show one action across all services: spans, logs and records in time order.';
  static override description = `Searches all hot data. An ID may be an op_id, an order_id, a session_id, a user_id or a span_id; the first that fits is taken.
An order is shown with all its actions, which tell one story; of a session or a user with several actions there is a list.
Spans nest under their parents, log lines hang on their span; gap is the time since the event before.
Bars are heavy where the action hung on that span itself (the critical path), and ◆ says for how much of its duration.
Attempts at one thing, one after the other, are folded into one line; --json always has every event.`;
  static override examples = [
    '<%= config.bin %> <%= command.id %> 4bf92f3577b34da6a3ce929d0e0e4736',
    '<%= config.bin %> <%= command.id %> req-addc1839-2ed5-4778-b57e-5854eb7b8b09 --json | jq .trace',
    '<%= config.bin %> <%= command.id %> o-100726 --expand',
    '<%= config.bin %> <%= command.id %> 4bf92f3577b34da6a3ce929d0e0e4736 --around 5m',
    '<%= config.bin %> <%= command.id %> --user u-10977 --limit 5',
  ];
  static override args = {
    id: Args.string({ description: 'ID of an action, an order, a session, a user or a span.' }),
  };
  static override flags = {
    op: idFlag('op_id'),
    order: idFlag('order_id'),
    session: idFlag('session_id'),
    user: idFlag('user_id'),
    span: idFlag('span_id'),
    limit: Flags.integer({
      summary: `Largest number of events to read, the earliest first (${EVENTS_DEFAULT}); of a list, of actions, the newest first (${ACTIONS_DEFAULT}).`,
      min: 1,
      max: EVENTS_MAX,
    }),
    around: Flags.string({
      summary:
        'Also what else happened in the same services, from so long before to so long after.',
      helpValue: 'TIME',
    }),
    expand: Flags.boolean({ summary: 'Show each of several attempts in lines of its own.' }),
    flat: Flags.boolean({
      summary: 'Every event in plain time order, one a line, without a tree.',
    }),
    ...zoneFlag,
    ...limitFlags,
  };
  static override enableJsonFlag = true;

  readonly #missing = new Set<number>();

  async run(): Promise<void> {
    const { args, flags } = await this.parse(QueryTrace);
    const asked = readAskedId({ word: args.id, ...flags });
    const isJson = flags.json === true;
    const view = { isFlat: flags.flat, isExpanded: flags.expand, zone: parseZone(flags.tz) };
    const limits = toQuestionLimits(flags);
    const marginNs = flags.around === undefined ? null : requireDuration('--around', flags.around);
    const [{ reader }, { openStore }] = await Promise.all([
      resolveLiveContext({ name: flags.context }),
      import('../../store/clickhouse/store.js'),
    ]);
    await using store = openStore(reader, limits);
    const answer = this.#find(store, asked, { limit: flags.limit, isJson });
    // What draws is loaded while the shards work.
    const [found, show] = await Promise.all([answer, isJson ? loadJson() : loadDrawing()]);
    if (found.kind === 'nothing') {
      throw this.#missing.size > 0 ? unknown(asked, this.#missingShards()) : notFound(asked);
    }
    const around = marginNs === null ? null : await this.#lookAround(store, found, marginNs);
    const missing = this.#missingShards();
    await show({ found, around, view, missing });
    warnOfCut(found);
    reportMissingShards(missing, store.shardCount);
  }

  #missingShards(): number[] {
    return [...this.#missing].sort((a, b) => a - b);
  }

  readonly #onMissing = (shards: readonly number[]): void => {
    for (const shard of shards) this.#missing.add(shard);
  };

  async #lookAround(store: Store, found: Found, marginNs: bigint): Promise<Surroundings | null> {
    if (found.kind !== 'trace' && found.kind !== 'chain') {
      process.stderr.write('Note: --around looks around one action; choose one of these\n');
      return null;
    }
    const { askAround } = await import('./_trace/around/ask-around.js');
    const { events } = found.answer;
    return askAround(
      store,
      { events, marginNs },
      { signal: this.signal, onMissing: this.#onMissing },
    );
  }

  /** A list of one is the action itself, where nobody relies on the shape of the answer. */
  async #find(
    store: Store,
    asked: AskedId,
    { limit, isJson }: { readonly limit: number | undefined; readonly isJson: boolean },
  ): Promise<Found> {
    const { lookUp } = await import('./_trace/lookup/look-up.js');
    const options: LookUpOptions = {
      signal: this.signal,
      onMissing: this.#onMissing,
      onAmbiguous: (fields) => {
        process.stderr.write(`Note: the same is also a ${fields.join(' and a ')}; flags choose\n`);
      },
      eventsMax: limit ?? EVENTS_DEFAULT,
      actionsMax: Math.min(limit ?? ACTIONS_DEFAULT, ACTIONS_MAX),
    };
    const found = await lookUp(store, asked, options);
    const only = found.kind === 'list' && found.actionCount === 1 ? found.actions[0] : undefined;
    if (only === undefined || isJson) return found;
    return lookUp(store, { kind: 'op_id', id: only.opId }, options);
  }
}

function idFlag(field: string) {
  return Flags.string({
    summary: `Look for this ${field}, and nothing else.`,
    helpValue: 'ID',
    helpGroup: 'ID',
  });
}

interface Shown {
  readonly found: Found;
  readonly around: Surroundings | null;
  readonly view: { readonly isFlat: boolean; readonly isExpanded: boolean; readonly zone: Zone };
  readonly missing: readonly number[];
}

async function loadJson(): Promise<(shown: Shown) => Promise<void>> {
  const { foundToJson } = await import('./_trace/found-json.js');
  return ({ found, around, missing }) => writeStdout(foundToJson(found, { around, missing }));
}

async function loadDrawing(): Promise<(shown: Shown) => Promise<void>> {
  const { showFound } = await import('./_trace/show-found.js');
  return ({ found, around, view }) => showFound(found, { around, view });
}

/** What is not shown is said, so that a part is never taken for the whole. */
function warnOfCut(found: Found): void {
  if (found.kind === 'nothing') return;
  const [shown, all, noun] =
    found.kind === 'list'
      ? [found.actions.length, found.actionCount, 'newest']
      : [found.answer.events.length, found.answer.eventCount, 'first'];
  const things = found.kind === 'list' ? 'actions' : 'events';
  if (shown >= all) return;
  process.stderr.write(
    `Warning: only the ${noun} ${shown} of ${all} ${things} are shown (--limit)\n`,
  );
}
