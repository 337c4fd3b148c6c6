import { Flags } from '@oclif/core';
import { AtbdError } from '../engine/model/error.js';
import { INGEST_GROUP_ID } from '../engine/model/limit.js';
import { openQueue } from '../engine/queue/open-queue.js';
import { verify, type VerifyProgress } from '../engine/verify/verify.js';
import { openStore } from '../store/clickhouse/store.js';
import { createVerifyStore } from '../store/verify/verify-store.js';
import { AtbdCommand } from './_cli/atbd-command.js';
import { resolveLiveContext } from './_cli/context.js';
import { renderAnswer, toAnswer, type VerifyAnswer } from './_cli/verify/render-report.js';

/** Shorter runs need no progress. */
const PROGRESS_AFTER_MS = 2000;

/** Proves that nothing is lost and nothing is stored twice, or names the places where that is not so. */
export default class Verify extends AtbdCommand {
  static override summary = 'Prove that nothing is lost and nothing is stored twice.';
  static override description =
    'Compares, per topic, epoch and partition, the queue with the ledger and a recount of rows and dead letters on all shards, up to ' +
    'what the ingest workers had committed at the start; what lies beyond is pending, not lost. ' +
    'Exit code 1: the faults are named with their offsets and what to try.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --topic events --json',
  ];
  static override enableJsonFlag = true;
  static override flags = {
    topic: Flags.string({ summary: 'Only this topic.' }),
  };

  async run(): Promise<VerifyAnswer> {
    const { flags } = await this.parse(Verify);
    const context = await resolveLiveContext({ name: flags.context });
    await using queue = await openQueue(context.queue);
    await using store = openStore(context.reader);
    const options = { groupId: INGEST_GROUP_ID, topic: flags.topic, onProgress: this.#progress() };
    const sources = { queue, store: createVerifyStore(store), signal: this.signal };
    const answer = toAnswer(await verify(options, sources));
    this.log(renderAnswer(answer));
    if (answer.verdict === 'ok') return answer;
    // With --json the answer goes to stdout before the error ends the command.
    if (this.jsonEnabled()) this.logJson(answer);
    throw verifyFailed(answer);
  }

  /** Says on a terminal how far it is, in one line, once it takes long. */
  #progress(): (progress: VerifyProgress) => void {
    const startedMs = performance.now();
    return ({ partitionsDone, partitionCount, rows }) => {
      if (performance.now() - startedMs < PROGRESS_AFTER_MS || !process.stderr.isTTY) return;
      const state = `${partitionsDone} of ${partitionCount} partitions, ${rows} rows so far`;
      process.stderr.write(`${LINE_START}${partitionsDone < partitionCount ? state : ''}`);
    };
  }
}

/** Back to the start of the line, and clears it. */
const LINE_START = '\r\u001b[K';

function verifyFailed({ findings }: VerifyAnswer): AtbdError {
  const places = new Set(findings.map((f) => `${f.topic}/${f.epoch}/${f.partition}`));
  return new AtbdError({
    code: 'VERIFY_FAILED',
    message: `cannot confirm that each record is stored once: ${findings.length} findings in ${[...places].join(', ')}`,
    hint: findings[0]?.hint ?? 'See the findings.',
  });
}
