import type { Clock } from '../model/clock.js';
import {
  placeOfHeader,
  REPLAY_HEADER,
  replayHeader,
  type DeadLetter,
  type LetterFilter,
  type LetterPlace,
  type ReplayMark,
  type ReplayRun,
  type ReplayStore,
  type TopicEnds,
} from '../model/dead-letter.js';
import type { MapRecord } from '../edge/topic/topic-mapper.js';
import { AtbdError } from '../model/error.js';
import type { Queue, QueueMessage, QueueProducer } from '../model/queue.js';
import { repairLetter, type Change, type Refusal } from './repair-letter.js';

/** What a replay needs of the world. */
export interface ReplayWorld {
  readonly queue: Pick<Queue, 'kind' | 'describeTopic' | 'read' | 'createProducer'>;
  readonly store: ReplayStore;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** True where it is certain that nobody runs it any more. */
  readonly isGone: (run: ReplayRun) => boolean;
}

export interface ReplayOptions {
  /** Itself: an id that no other run has, and who runs it. */
  readonly self: Omit<ReplayRun, 'topics'>;
  readonly filter: LetterFilter;
  readonly changes: readonly Change[];
  /** How records of topics that others fill become events. */
  readonly mappers: ReadonlyMap<string, MapRecord>;
  /** The topics that the filter finds letters of. */
  readonly topics: readonly string[];
  /** The user says that no other run goes on, and that what can no longer be found out was not sent. */
  readonly takeOver: boolean;
}

export interface ReplayResult {
  readonly sent: number;
  readonly refused: Readonly<Partial<Record<Refusal, number>>>;
  /** Letters that an earlier run had sent without coming to say so. */
  readonly recovered: number;
}

/** A page's letters with their bytes stay below some megabytes: the next page is as long as the last one's size allows. */
const PAGE_BYTES = 4 * 1024 * 1024;
const PAGE_LETTERS_FIRST = 100;
const PAGE_LETTERS_MIN = 10;
const PAGE_LETTERS_MAX = 2_000;

/** Marks written at once. */
const MARKS_MAX = 10_000;

/** What a process that was killed had handed to the network may still arrive; brokers work off what they have within this time. */
const LAST_SENDS_MS = 5_000;

/**
 * Puts letters back into the queue, each once whatever dies.
 *
 * The queue itself is the record of what was sent: a run notes the queue's ends in the store before it sends anything, each record
 * names its letter in a header, and at the end the run reads the queue from the noted ends and marks in the store what it finds
 * there. A run that was killed has not come to say that it is over; the next one does that for it, before it looks which letters wait.
 */
export async function replayLetters(
  options: ReplayOptions,
  world: ReplayWorld,
): Promise<ReplayResult> {
  const { store, signal } = world;
  const run = { ...options.self, topics: await readEnds(options.topics, world) };
  await store.beginRun(run, signal);
  const recovered = await settleOthers(run, options, world);
  // Of other topics no ends are noted.
  const filter = { ...options.filter, topics: [...run.topics.keys()] };
  const { sent, refused } =
    run.topics.size === 0 ? NOTHING : await sendAll({ ...options, filter }, world);
  const found = await settle(run, { ...world, takeOver: false });
  if (found < sent) throw lostSends(sent - found);
  return { sent, refused, recovered };
}

/** Where each partition of the topics ends now: what is sent from now on comes later. */
async function readEnds(
  topics: readonly string[],
  { queue }: ReplayWorld,
): Promise<ReadonlyMap<string, TopicEnds>> {
  const ends = new Map<string, TopicEnds>();
  for (const topic of topics) {
    const { identity, partitions } = await queue.describeTopic(topic);
    ends.set(topic, {
      identity,
      ends: new Map(partitions.map(({ partition, end }) => [partition, end])),
    });
  }
  return ends;
}

/** Ends the runs that were killed, or gives way to one that may still go on: both have noted themselves, so one sees the other. */
async function settleOthers(
  run: ReplayRun,
  { takeOver }: ReplayOptions,
  world: ReplayWorld,
): Promise<number> {
  const { store, clock, queue, signal, isGone } = world;
  const others = (await store.openRuns(signal)).filter(({ id }) => id !== run.id);
  const busy = others.find((other) => !takeOver && !isGone(other));
  if (busy !== undefined) {
    await store.endRun(run.id, signal);
    throw replayRunning(busy);
  }
  if (others.length > 0 && queue.kind !== 'embedded') await clock.sleep(LAST_SENDS_MS, signal);
  let recovered = 0;
  for (const other of others) recovered += await settle(other, { ...world, takeOver });
  return recovered;
}

interface SettleWorld extends ReplayWorld {
  readonly takeOver: boolean;
}

/** Marks what the queue has of a run, and says that it is over. Done again it changes nothing. */
async function settle(run: ReplayRun, world: SettleWorld): Promise<number> {
  const { store, signal } = world;
  let count = 0;
  for (const [topic, noted] of run.topics) {
    let marks: ReplayMark[] = [];
    for await (const mark of findReplayed({ topic, noted, run }, world)) {
      count += 1;
      marks.push(mark);
      if (marks.length < MARKS_MAX) continue;
      await store.markReplayed(run.id, marks, signal);
      marks = [];
    }
    if (marks.length > 0) await store.markReplayed(run.id, marks, signal);
  }
  await store.endRun(run.id, signal);
  return count;
}

interface Noted {
  readonly topic: string;
  readonly noted: TopicEnds;
  readonly run: ReplayRun;
}

/** The records behind the noted ends that name a letter; rejects where they cannot be known any more. */
async function* findReplayed(
  { topic, noted, run }: Noted,
  { queue, signal, takeOver }: SettleWorld,
): AsyncIterable<ReplayMark> {
  const now = await describeIfThere(topic, queue);
  if (now?.identity !== noted.identity) {
    if (!takeOver) throw inDoubt(run, `the topic ${topic} was made again or is gone`);
    return;
  }
  const trimmed = now.partitions.filter(
    ({ partition, start }) => start > (noted.ends.get(partition) ?? start),
  );
  if (trimmed.length > 0 && !takeOver) {
    throw inDoubt(run, `the queue has trimmed records of ${topic} that came after it began`);
  }
  const batches = queue.read({
    topic,
    // A partition that was added since is read from its start.
    fromOffsets: new Map(
      now.partitions.map(({ partition, start }) => [partition, noted.ends.get(partition) ?? start]),
    ),
    untilOffsets: new Map(now.partitions.map(({ partition, end }) => [partition, end])),
    signal,
  });
  for await (const { partition, records } of batches) {
    for (const { offset, headers } of records) {
      const place = headers && placeOfHeader(headers[REPLAY_HEADER]);
      if (place) yield { ...place, toPartition: partition, toOffset: offset };
    }
  }
  signal.throwIfAborted();
}

async function describeIfThere(
  topic: string,
  queue: ReplayWorld['queue'],
): Promise<Awaited<ReturnType<Queue['describeTopic']>> | undefined> {
  try {
    return await queue.describeTopic(topic);
  } catch (error) {
    if (error instanceof AtbdError && error.code === 'TOPIC_NOT_FOUND') return undefined;
    throw error;
  }
}

interface Sent {
  readonly sent: number;
  readonly refused: Partial<Record<Refusal, number>>;
}

const NOTHING: Sent = { sent: 0, refused: {} };

async function sendAll(
  { filter, changes, mappers }: ReplayOptions,
  { queue, store, signal }: ReplayWorld,
): Promise<Sent> {
  const refused: Sent['refused'] = {};
  let sent = 0;
  await using producer = await queue.createProducer();
  for await (const letters of pagesOfWaiting(store, filter, signal)) {
    const byTopic = new Map<string, QueueMessage[]>();
    for (const letter of letters) {
      const repaired = repairLetter(letter, changes, mappers.get(letter.topic));
      if (repaired.kind === 'refused') {
        refused[repaired.why] = (refused[repaired.why] ?? 0) + 1;
        continue;
      }
      const messages = byTopic.get(letter.topic) ?? [];
      messages.push(messageOf(letter, repaired.value));
      byTopic.set(letter.topic, messages);
    }
    sent += await sendPage(producer, byTopic, signal);
  }
  return { sent, refused };
}

async function sendPage(
  producer: QueueProducer,
  byTopic: ReadonlyMap<string, readonly QueueMessage[]>,
  signal: AbortSignal,
): Promise<number> {
  let sent = 0;
  for (const [topic, messages] of byTopic) {
    signal.throwIfAborted();
    await producer.send(topic, messages);
    sent += messages.length;
  }
  return sent;
}

/** Waiting letters in the order of their places, each once, a page at a time. */
export async function* pagesOfWaiting(
  store: Pick<ReplayStore, 'readWaiting'>,
  filter: LetterFilter,
  signal: AbortSignal,
): AsyncGenerator<readonly DeadLetter[]> {
  let after: LetterPlace | null = null;
  let limit = PAGE_LETTERS_FIRST;
  for (;;) {
    const page: readonly DeadLetter[] = await store.readWaiting(filter, { after, limit }, signal);
    if (page.length === 0) return;
    // The same letter may lie on two shards; one of them is enough.
    yield page.filter(
      (letter, at) => at === 0 || replayHeader(letter) !== replayHeader(page[at - 1] ?? letter),
    );
    after = page.at(-1) ?? after;
    const bytes = page.reduce((sum, { raw }) => sum + raw.length, 0);
    const fitting = Math.floor((PAGE_BYTES * page.length) / Math.max(1, bytes));
    limit = Math.max(PAGE_LETTERS_MIN, Math.min(PAGE_LETTERS_MAX, fitting));
  }
}

function messageOf(letter: DeadLetter, value: Buffer): QueueMessage {
  return {
    key: letter.key.length === 0 ? null : letter.key,
    value,
    headers: { [REPLAY_HEADER]: replayHeader(letter) },
  };
}

function replayRunning({ who, host, pid }: ReplayRun): AtbdError {
  return new AtbdError({
    code: 'REPLAY_RUNNING',
    message: `cannot replay: ${who} runs another replay (process ${pid} on ${host.split(' ')[0] ?? host})`,
    hint: 'Wait for its end. If it is dead and was on another machine, say so: --take-over',
  });
}

function inDoubt({ who, host }: ReplayRun, why: string): AtbdError {
  return new AtbdError({
    code: 'REPLAY_IN_DOUBT',
    message: `cannot find out what a replay that was killed has sent (${who} on ${host.split(' ')[0] ?? host}): ${why}`,
    hint: 'Look whether its letters are stored as events by now; then --take-over goes on as if what is not found was not sent.',
  });
}

function lostSends(count: number): AtbdError {
  return new AtbdError({
    code: 'QUEUE_FAILED',
    message: `cannot find ${count} of the records in the queue that it had confirmed`,
    hint: 'Look whether the queue trims what is new, or who else writes to it; then run it again.',
  });
}
