import * as Args from '@oclif/core/args';
import * as Flags from '@oclif/core/flags';
import { AtbdError } from '../../engine/model/error.js';
import type { StoredEvent } from '../../engine/model/stored-event.js';
import { quoteValue } from '../../engine/model/visible-text.js';
import { parseZone, type Zone } from '../../engine/time/zone.js';
import { AtbdCommand } from '../_cli/atbd-command.js';
import { resolveLiveContext } from '../_cli/context.js';
import { limitFlags, toQuestionLimits } from '../_cli/limit-flags.js';
import { reportMissingShards } from '../_cli/partial-answer.js';
import { sanitizeJson } from '../_cli/sanitize.js';
import { writeStdout } from '../_cli/stdout.js';
import { zoneFlag } from '../_cli/time-flags.js';

/** Beyond this a picture helps nobody; `query logs -f op_id=…` pages through the rest. */
const LIMIT_DEFAULT = 10_000;

/** A trace is held in memory: about 1 kB an event. */
const LIMIT_MAX = 1_000_000;

/** Shows every event of one action, across all services. */
export default class QueryTrace extends AtbdCommand {
  static override summary =
    'Show one action across all services: spans, logs and records in time order.';
  static override description = `Searches all hot data. Spans nest under their parents, log lines hang on their span; gap is the time since the event before.
Bars are heavy where the action hung on that span itself (the critical path), and ◆ says for how much of its duration.
Attempts at one thing, one after the other, are folded into one line; --json always has every event.`;
  static override examples = [
    '<%= config.bin %> <%= command.id %> 4bf92f3577b34da6a3ce929d0e0e4736',
    '<%= config.bin %> <%= command.id %> req-addc1839-2ed5-4778-b57e-5854eb7b8b09 --json | jq .trace',
  ];
  static override args = {
    id: Args.string({ required: true, description: 'ID of the action (op_id).' }),
  };
  static override flags = {
    limit: Flags.integer({
      summary: 'Largest number of events to read, the earliest first.',
      default: LIMIT_DEFAULT,
      min: 1,
      max: LIMIT_MAX,
    }),
    expand: Flags.boolean({ summary: 'Show each of several attempts in lines of its own.' }),
    flat: Flags.boolean({
      summary: 'Every event in plain time order, one a line, without a tree.',
    }),
    ...zoneFlag,
    ...limitFlags,
  };
  static override enableJsonFlag = true;

  async run(): Promise<void> {
    const { args, flags } = await this.parse(QueryTrace);
    const id = args.id.trim();
    if (id === '') throw emptyId();
    const view = { isFlat: flags.flat, isExpanded: flags.expand, zone: parseZone(flags.tz) };
    const limits = toQuestionLimits(flags);
    const [{ reader }, { openStore }, { readTrace }] = await Promise.all([
      resolveLiveContext({ name: flags.context }),
      import('../../store/clickhouse/store.js'),
      import('../../store/query/trace.js'),
    ]);
    await using store = openStore(reader, limits);
    let missing: readonly number[] = [];
    const answer = readTrace(
      store,
      { id, limit: flags.limit },
      { signal: this.signal, onMissing: (shards) => (missing = shards) },
    );
    // What draws is loaded while the shards work.
    const [{ events, eventCount }, draw] = await Promise.all([
      answer,
      flags.json === true ? undefined : loadDrawing(view),
    ]);
    if (events.length === 0) throw missing.length > 0 ? unknown(id, missing) : notFound(id);
    if (flags.json) await writeStdout(await toJson({ id, events, eventCount, missing }));
    else if (draw !== undefined) await draw(id, events);
    if (events.length < eventCount) {
      process.stderr.write(
        `Warning: only the first ${events.length} of ${eventCount} events are shown (--limit)\n`,
      );
    }
    reportMissingShards(missing, store.shardCount);
  }
}

/** How an action is drawn: nested with its retries folded, nested with each of them, or as a list. */
interface View {
  readonly isFlat: boolean;
  readonly isExpanded: boolean;
  readonly zone: Zone;
}

type Draw = (id: string, events: readonly StoredEvent[]) => Promise<void>;

async function loadDrawing({ isFlat, isExpanded, zone }: View): Promise<Draw> {
  const [{ pictureOf }, { renderTrace }, { renderFlat }, { describeTerminal }] = await Promise.all([
    import('./_trace/trace-picture.js'),
    import('./_trace/render-trace.js'),
    import('./_trace/render-flat.js'),
    import('../_cli/terminal.js'),
  ]);
  return async (id, events) => {
    const { isTerminal, width, paint } = describeTerminal(process.stdout);
    const canvas = { width, paint, zone, isEndless: !isTerminal };
    const picture = pictureOf(id, events, { isExpanded: isExpanded || isFlat });
    const lines = isFlat ? renderFlat(picture, canvas) : renderTrace(picture, canvas);
    await writeStdout([...lines, ''].join('\n'));
  };
}

interface TraceResult {
  readonly id: string;
  readonly events: readonly StoredEvent[];
  readonly eventCount: number;
  readonly missing: readonly number[];
}

/** `{ trace, events }`, an event a line; every event, whatever a view would fold. */
async function toJson({ id, events, eventCount, missing }: TraceResult): Promise<string> {
  const { describeTrace } = await import('./_trace/trace-json.js');
  const trace = {
    ...describeTrace(id, events),
    eventCount,
    isTruncated: events.length < eventCount,
    missingShards: missing,
  };
  const lines = events.map(({ event }) => sanitizeJson(event));
  return `{"trace":${sanitizeJson(trace)},"events":[\n${lines.join(',\n')}\n]}\n`;
}

function emptyId(): AtbdError {
  return new AtbdError({
    code: 'USAGE_INVALID',
    message: 'cannot look for an empty ID',
    hint: 'Copy the op_id of an event, for example from `atbd query logs --fields ts,op_id,message`.',
  });
}

function notFound(id: string): AtbdError {
  return new AtbdError({
    code: 'TRACE_NOT_FOUND',
    message: `cannot find an event with op_id ${quoteValue(id)} in the hot data`,
    hint: 'IDs match whole and exactly. Find some with `atbd query logs --fields ts,op_id,message`.',
  });
}

/** Nothing on the shards that answered does not mean that there is nothing. */
function unknown(id: string, missing: readonly number[]): AtbdError {
  return new AtbdError({
    code: 'PARTIAL_ANSWER',
    message: `cannot say whether there is an event with op_id ${quoteValue(id)}: shard ${missing.join(', shard ')} did not answer`,
    hint: 'See which shard is down (atbd status), and ask again when it is back.',
  });
}
