import { Flags } from '@oclif/core';
import { AtbdError } from '../../engine/model/error.js';
import { findWorse } from '../../engine/scenario/result/compare-results.js';
import type { RunAnswer, StoryResult } from '../../engine/scenario/result/story-result.js';
import type { Story } from '../../engine/scenario/story/story.js';
import { AtbdCommand } from '../_cli/atbd-command.js';
import { sanitizeText } from '../_cli/sanitize.js';
import {
  BORROWED,
  type BorrowedKind,
  type QueueFlags,
  QUEUE_KINDS,
  requestedQueue,
} from '../_cli/stack/requested-queue.js';
import { styleOf } from '../_cli/style.js';
import { readAnswer, writeReports } from './_scenario/report/answer-file.js';
import { findStory, type FoundStory } from './_scenario/find-story.js';
import { renderResult } from './_scenario/report/render-result.js';
import { reportFlags } from './_scenario/report/report-flags.js';
import { type BorrowedQueue, runOne, type RunOptions } from './_scenario/run-one.js';
import { StoryProgress } from './_scenario/story-progress.js';

/** Plays stories on a stack of their own and holds what was stored against what truly happened. */
export default class ScenarioRun extends AtbdCommand {
  static override summary =
    'Run stories: simulated traffic, faults, and what must be seen of them.';
  static override description =
    'Each story gets a stack of its own in a temporary folder: shards, a queue, workers. Its load is sent through, ' +
    'its chaos is done to the pipe, and what is stored is compared with what the simulation knows to be true. ' +
    'Exit code 0: all expectations hold. 1: one does not. 2: a story is not valid.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> quiet-day',
    '<%= config.bin %> <%= command.id %> quiet-day worker-killed --repeat 3',
    '<%= config.bin %> <%= command.id %> ./my-story/scenario.yaml --json > answer.json',
    '<%= config.bin %> <%= command.id %> shard-down --html report.html --junit report.xml --compare answer.json',
  ];
  static override strict = false;
  static override flags = {
    seed: Flags.integer({ summary: "Another seed than the story's: another story.", min: 0 }),
    repeat: Flags.integer({ summary: 'Run each story so often.', default: 1, min: 1, max: 1000 }),
    keep: Flags.boolean({ summary: 'Leave the stack up in the end, and say how to reach it.' }),
    folder: Flags.string({
      summary: 'Where stacks and, after a failure, the logs of all parts are kept.',
      helpValue: 'DIR',
    }),
    queue: Flags.option({
      summary: "Another queue than the story's.",
      options: QUEUE_KINDS,
    })(),
    brokers: Flags.string({
      summary: 'Brokers for stories with a Kafka, host:port, separated by commas.',
      description: 'Without it: the Kafka of --context. The story makes the topic and deletes it.',
      env: 'ATBD_BROKERS',
    }),
    redis: Flags.string({
      summary: 'Address for stories with a Redis, redis://host:port/database.',
      description: 'Without it: the Redis of --context. The story makes the topic and deletes it.',
      env: 'ATBD_REDIS',
    }),
    ...reportFlags,
    compare: Flags.string({
      summary:
        'Say what got worse since this earlier answer (--json); the exit code stays the same.',
      helpValue: 'FILE',
    }),
  };
  static override enableJsonFlag = true;

  async run(): Promise<RunAnswer> {
    const { flags, argv } = await this.parse(ScenarioRun);
    const names = argv as string[];
    if (names.length === 0) throw nothingNamed();
    // All are read before the first is run, so that a mistake costs nothing.
    const baseline = flags.compare === undefined ? undefined : await readAnswer(flags.compare);
    const found = await Promise.all(names.map((name) => findAs(name, flags)));
    const borrowed = await borrowedQueues(found, flags);
    const options = { keep: flags.keep, folder: flags.folder, borrowed };
    const results: StoryResult[] = [];
    for (const each of found) {
      for (let round = 0; round < flags.repeat; round += 1)
        results.push(await this.#runOne(each, options));
    }
    const failed = results.filter(({ verdict }) => verdict === 'failed');
    const answer: RunAnswer = { verdict: failed.length > 0 ? 'failed' : 'passed', results };
    await writeReports(answer, { html: flags.html, junit: flags.junit });
    if (baseline) this.#compare(answer, baseline);
    if (failed.length === 0) return answer;
    // With --json the answer goes to stdout before the error ends the command.
    if (this.jsonEnabled()) this.logJson(answer);
    throw storyFailed(failed);
  }

  #compare(answer: RunAnswer, baseline: RunAnswer): void {
    const worse = findWorse(answer, baseline).map((line) => `  ${sanitizeText(line)}`);
    const words = worse.length === 0 ? 'Nothing got worse.' : 'Worse than before:';
    this.logToStderr([words, ...worse].join('\n'));
  }

  async #runOne(
    found: FoundStory,
    options: Pick<RunOptions, 'keep' | 'folder' | 'borrowed'>,
  ): Promise<StoryResult> {
    using progress = new StoryProgress(found.name, {
      durationMs: found.story.load.duration,
      isQuiet: this.jsonEnabled(),
    });
    const result = await runOne(found, {
      ...options,
      signal: this.signal,
      onNews: (news) => {
        progress.tell(news);
      },
    });
    progress[Symbol.dispose]();
    this.log(renderResult(result, styleOf(process.stdout)));
    return result;
  }
}

/** The story, with what the flags say otherwise. */
async function findAs(
  name: string,
  {
    seed,
    queue,
  }: { readonly seed?: number | undefined; readonly queue?: Story['stack']['queue'] | undefined },
): Promise<FoundStory> {
  const found = await findStory(name);
  const { story } = found;
  const stack = { ...story.stack, ...(queue !== undefined && { queue }) };
  return { ...found, story: { ...story, stack, seed: seed ?? story.seed } };
}

/** The Kafka and the Redis that flags or the context name, as far as stories need them. */
async function borrowedQueues(
  found: readonly FoundStory[],
  flags: QueueFlags,
): Promise<RunOptions['borrowed']> {
  const borrowed = new Map<BorrowedKind, BorrowedQueue>();
  for (const { story } of found) {
    const kind = story.stack.queue;
    if (kind === 'embedded' || borrowed.has(kind)) continue;
    borrowed.set(kind, await borrowedQueue(kind, flags));
  }
  return borrowed;
}

/** For us, and in the words of `up`. */
async function borrowedQueue(kind: BorrowedKind, flags: QueueFlags): Promise<BorrowedQueue> {
  const { flag } = BORROWED[kind];
  const address = flags[flag];
  // An address in the environment that is for the other kind is no mistake.
  const spec = await requestedQueue(kind, { [flag]: address, context: flags.context });
  if (!spec) throw new Error('BUG: a queue was asked for');
  const [name, value] = address === undefined ? ['context', flags.context] : [flag, address];
  return { spec, args: ['--queue', kind, ...(value === undefined ? [] : [`--${name}`, value])] };
}

function nothingNamed(): AtbdError {
  return new AtbdError({
    code: 'USAGE_INVALID',
    message: 'cannot run nothing: name a story or its file',
    hint: 'See what there is: atbd scenario ls',
  });
}

function storyFailed(failed: readonly StoryResult[]): AtbdError {
  const [first] = failed;
  const broken = first?.expectations.find(({ isMet }) => !isMet);
  const names = [...new Set(failed.map(({ story }) => story.name))].join(', ');
  return new AtbdError({
    code: 'STORY_FAILED',
    message: `cannot confirm what ${names} expects: ${broken?.title ?? ''}: expected ${broken?.expected ?? ''}, seen ${broken?.seen ?? ''}`,
    hint: `Look at it: run it again with --keep, then: ${broken?.command ?? 'atbd status'}. Logs: ${first?.logFolder ?? 'none'}`,
  });
}
