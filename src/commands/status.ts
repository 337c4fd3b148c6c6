import { AtbdError } from '../engine/model/error.js';
import { AtbdCommand } from './_cli/atbd-command.js';
import { atbdHome, type AtbdHome } from './_cli/atbd-home.js';
import { LOCAL_CONTEXT } from './_cli/config/local-context.js';
import { resolveContext } from './_cli/context.js';
import { letterBytesIn, letterSpace } from './_cli/letter-alarm.js';
import { describeStack, type StackReport } from './_cli/stack/describe-stack.js';
import { diskUse } from './_cli/stack/disk-use.js';
import { hasStack } from './_cli/stack/home-folder.js';
import { ingestLag } from './_cli/stack/ingest-lag.js';
import { renderStack } from './_cli/stack/render-stack.js';
import { stackNotUp } from './_cli/stack/stack-not-up.js';
import { liveStatus } from './_cli/stack/wait-until-up.js';
import { styleOf } from './_cli/style.js';

export default class Status extends AtbdCommand {
  static override summary = 'Show the parts of the local stack, how they do, and what is stored.';
  static override description =
    'Exit code 0: all parts are healthy. 1: a part is down or was never ready. 6: the stack is not up.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --json',
  ];
  static override enableJsonFlag = true;

  #isQueueSilent = false;

  /** When the answer is out, a client that still waits for a silent queue must not hold the prompt. */
  protected override async _run<Result>(): Promise<Result> {
    const result = await super._run<Result>();
    if (!this.#isQueueSilent) return result;
    await new Promise((resolve) => process.stdout.write('', resolve));
    process.exit();
  }

  async run(): Promise<StackReport> {
    await this.parse(Status);
    const home = atbdHome();
    const status = await liveStatus(home);
    if (!status) throw await notRunning(home);
    const { queue, store, letterBytesMax } = await resolveContext({ name: LOCAL_CONTEXT });
    const [lag, disk] = await Promise.all([ingestLag(queue), diskUse(store)]);
    this.#isQueueSilent = lag.error !== null;
    const deadLetters = letterSpace(letterBytesIn(disk.tables), letterBytesMax);
    const report = await describeStack(home, status, { lag, disk, deadLetters }, Date.now());
    this.log(renderStack(report, styleOf(process.stdout), process.stdout.columns));
    if (!report.healthy) process.exitCode = 1;
    return report;
  }
}

async function notRunning(home: AtbdHome): Promise<AtbdError> {
  if (await hasStack(home)) return stackNotUp(home);
  return new AtbdError({
    code: 'STACK_NOT_RUNNING',
    message: `cannot find a local stack in ${home.root}`,
    hint: 'Start it: atbd up --local',
  });
}
