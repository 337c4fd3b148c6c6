import type { ReadOptions, RecordBatch } from '../../../model/queue.js';
import { topicNotFound } from '../link/redis-error.js';
import type { RedisLink, Reply } from '../link/redis-link.js';
import { STREAM_FACTS, toStreamFacts } from '../script/stream-facts.js';
import { streamKey } from '../stream-key.js';
import type { ArrivalWatch } from './arrival-watch.js';
import { PageReader, type StreamPage } from './stream-page.js';

/** How long one wait for new entries lasts; only a bound, waiting goes on. */
const WAIT_MS = 60_000;

interface Source {
  readonly partition: number;
  readonly stream: string;
  readonly pages: PageReader;
  readonly until: bigint | undefined;
  cursor: bigint;
  isOver: boolean;
}

/** Reads without a group: partitions in turn, a page each. See `Queue.read`. */
export async function* readPartitions(
  { topic, fromOffsets, untilOffsets, signal }: ReadOptions,
  {
    link,
    watch,
    partitionCount,
  }: { readonly link: RedisLink; readonly watch: ArrivalWatch; readonly partitionCount: number },
): AsyncGenerator<RecordBatch> {
  const sources = [...fromOffsets].map(([partition, cursor]): Source => {
    if (partition >= partitionCount) throw topicNotFound(`${topic}/${partition}`);
    const stream = streamKey(topic, partition);
    const until = untilOffsets === undefined ? undefined : (untilOffsets.get(partition) ?? cursor);
    const isOver = until !== undefined && cursor >= until;
    return { partition, stream, pages: new PageReader(link, stream), until, cursor, isOver };
  });
  while (!signal.aborted && sources.some(({ isOver }) => !isOver)) {
    let hasRead = false;
    for (const source of sources.filter(({ isOver }) => !isOver)) {
      const page = await link.tryAgain(() => source.pages.read(source.cursor, source.until));
      if (isAborted(signal)) return;
      if (page.run) {
        yield { topic, partition: source.partition, records: page.run.records() };
        if (isAborted(signal)) return;
        hasRead = true;
      }
      await advance(link, source, page);
    }
    const open = sources.filter(({ isOver }) => !isOver);
    if (!hasRead && open.length > 0) await waitForMore(open, watch, signal);
  }
}

async function advance(link: RedisLink, source: Source, page: StreamPage): Promise<void> {
  source.cursor = page.until;
  const { until, stream } = source;
  if (until === undefined) return;
  if (source.cursor >= until) source.isOver = true;
  else if (page.run === undefined) {
    // Nothing lies before `until`; nothing will come there either once the stream has gone beyond.
    const input = { keys: [stream], args: [] };
    const [facts = null] = (await link.script(
      STREAM_FACTS,
      input,
      `look at ${stream}`,
    )) as readonly Reply[];
    source.isOver = toStreamFacts(facts).end >= until;
  }
}

async function waitForMore(
  sources: readonly Source[],
  watch: ArrivalWatch,
  signal: AbortSignal,
): Promise<void> {
  const some = new AbortController();
  const either = AbortSignal.any([signal, some.signal]);
  const waits = sources.map(({ stream, cursor }) =>
    watch.wait({ stream, offset: cursor }, WAIT_MS, either),
  );
  // An abort ends the reading quietly; the first arrival ends the other waits.
  await Promise.race(waits).catch(() => undefined);
  some.abort();
  await Promise.allSettled(waits);
}

/** A call, because the signal may have changed since it was last asked. */
function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}
