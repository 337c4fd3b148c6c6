import { join } from 'node:path';
import { BatchSender } from '../../../edge/batch-sender.js';
import { createParseTime } from '../../../edge/parse-time.js';
import { newLineCounts } from '../../../edge/pump-lines.js';
import { followFile } from '../../../edge/read-file.js';
import { type LinePlan, sendLines } from '../../../edge/send-lines.js';
import type { Clock } from '../../../model/clock.js';
import { AtbdError } from '../../../model/error.js';
import type { QueueProducer } from '../../../model/queue.js';
import { parseZone } from '../../../time/zone.js';
import type { ServicesSpec } from '../../story/story.js';
import type { LoadTarget, StoryLoad, StoryTruth } from '../story-load.js';
import { readAccount } from './account.js';
import { StoryScript } from './story-script.js';

/** Starting services, ending them and writing down what is true takes time besides driving them. */
const OVERTIME_MS_MAX = 60_000;

const OUTPUT_NAME = 'script.out';

/** How often it is said how far the story is. */
const STEP_MS = 100;

export interface ServicesOptions {
  readonly spec: ServicesSpec;
  readonly seed: number;
  /** Of the story's file. */
  readonly folder: string;
  /** Where the services log, and what the script says is kept; made and removed by the caller. */
  readonly logFolder: string;
}

/** Real services as the load of a story: a script drives them, and their log files are followed as `ingest --follow` does. */
export function createServicesLoad(options: ServicesOptions): StoryLoad {
  let truth: StoryTruth | undefined;
  return {
    async send(target) {
      const sentCount = await playServices(options, target);
      const toMs = target.clock.nowMs() + 1;
      truth = await readAccount(truthPath(options));
      return { sentCount, toMs };
    },
    truth: () => {
      if (truth === undefined) throw new Error('BUG: the truth was asked for before the end');
      return truth;
    },
  };
}

/** Returns how many lines the queue has confirmed. */
async function playServices(options: ServicesOptions, target: LoadTarget): Promise<number> {
  const { queue, clock, signal } = target;
  await using producer = await queue.createProducer();
  const following = new AbortController();
  const until = AbortSignal.any([following.signal, signal]);
  await using script = await startScript(options, clock);
  const followers = options.spec.logs.map((name) =>
    followLog(join(options.logFolder, name), { producer, target, signal: until }),
  );
  const ended = followers.map((follower) => follower.ended);
  const sentCount = (): number => followers.reduce((sum, { sender }) => sum + sender.sentCount, 0);
  const telling = tellSteps(options, target, { signal: until, sentCount });
  try {
    // A follower that ends before the script does has failed.
    await Promise.race([scriptEnded(script, options, target), ...ended]);
  } finally {
    following.abort(new Error('the services have ended'));
    await telling;
  }
  signal.throwIfAborted();
  await Promise.all(ended);
  return sentCount();
}

function startScript(
  { spec, seed, folder, logFolder }: ServicesOptions,
  clock: Clock,
): Promise<StoryScript> {
  return StoryScript.start({
    path: join(folder, spec.script),
    folder,
    env: {
      ATBD_STORY_SEED: String(seed),
      ATBD_STORY_MS: String(spec.duration),
      ATBD_STORY_LOGS: logFolder,
      ATBD_STORY_TRUTH: truthPath({ logFolder }),
    },
    outputPath: outputPath({ logFolder }),
    clock,
  });
}

/** Resolves at its orderly end; rejects when it ends otherwise, takes too long, or the story is broken off. */
async function scriptEnded(
  script: StoryScript,
  { spec }: ServicesOptions,
  { clock, signal }: LoadTarget,
): Promise<void> {
  const patience = new AbortController();
  const limitMs = spec.duration + OVERTIME_MS_MAX;
  const tired = clock.sleep(limitMs, AbortSignal.any([signal, patience.signal])).then(() => {
    throw tooSlow(spec.script, limitMs);
  });
  try {
    await Promise.race([script.ended, tired]);
  } finally {
    patience.abort(new Error('it has ended'));
    tired.catch(() => undefined);
  }
}

interface Follower {
  readonly sender: BatchSender;
  /** Resolves when all lines up to the abort are confirmed. */
  readonly ended: Promise<void>;
}

function followLog(
  path: string,
  {
    producer,
    target: { topic, clock },
    signal,
  }: {
    readonly producer: QueueProducer;
    readonly target: LoadTarget;
    readonly signal: AbortSignal;
  },
): Follower {
  const sender = new BatchSender(producer, topic);
  const lines = followFile(path, { clock, signal });
  const how = { plan: planOfFlags(), sender, counts: newLineCounts(), nowMs: clock.nowMs() };
  return { sender, ended: sendLines(lines, how) };
}

/** What `ingest` does when no flag says otherwise. */
function planOfFlags(): LinePlan {
  return {
    format: undefined,
    parseTime: createParseTime(parseZone('UTC')),
    set: {},
    keyField: 'op_id',
    isMultiline: true,
    isBackfill: false,
  };
}

/** Says again and again how far the story is, until the signal is aborted. */
async function tellSteps(
  { spec }: ServicesOptions,
  { fromMs, clock, onStep }: LoadTarget,
  { signal, sentCount }: { readonly signal: AbortSignal; readonly sentCount: () => number },
): Promise<void> {
  while (!signal.aborted) {
    onStep(Math.min(clock.nowMs() - fromMs, spec.duration), sentCount());
    await clock.sleep(STEP_MS, signal).catch(() => undefined);
  }
}

function truthPath({ logFolder }: Pick<ServicesOptions, 'logFolder'>): string {
  return join(logFolder, 'truth.json');
}

function outputPath({ logFolder }: Pick<ServicesOptions, 'logFolder'>): string {
  return join(logFolder, OUTPUT_NAME);
}

function tooSlow(script: string, limitMs: number): AtbdError {
  return new AtbdError({
    code: 'STORY_FAILED',
    message: `cannot play the story: its script ${script} has not ended after ${limitMs / 1000} s`,
    hint: `It must end by itself when its time (ATBD_STORY_MS) is over. Read what it said: services/${OUTPUT_NAME} among the logs of the parts.`,
  });
}
