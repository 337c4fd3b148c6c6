import { AtbdCommand } from '../_cli/atbd-command.js';
import { LOCAL_CONTEXT } from '../_cli/config/local-context.js';
import { chosenContext, readUserConfig } from '../_cli/config/user-config.js';
import { contextSpec } from '../_cli/context.js';
import { describeQueue, describeStore } from '../_cli/config/describe-context.js';
import { styleOf } from '../_cli/style.js';
import { textTable } from '../_cli/text-table.js';

interface ContextLine {
  readonly name: string;
  readonly current: boolean;
  readonly queue: string;
  readonly store: string;
}

export default class ContextLs extends AtbdCommand {
  static override summary = 'List the contexts: where queues and stores are.';
  static override description =
    'The context in use is marked. --context and ATBD_CONTEXT choose one for a command, `.atbd.yaml` for a project, `atbd context use` for this user.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --json',
  ];
  static override enableJsonFlag = true;

  async run(): Promise<{ contexts: ContextLine[] }> {
    const { flags } = await this.parse(ContextLs);
    const chosen = await chosenContext(flags.context);
    const { contexts: made } = await readUserConfig();
    const names = [LOCAL_CONTEXT, ...Object.keys(made).toSorted()];
    const contexts = await Promise.all(
      names.map(async (name) => {
        const { queue, store } = await contextSpec(name, 'listed');
        const current = name === chosen.name;
        return { name, current, queue: describeQueue(queue), store: describeStore(store) };
      }),
    );
    this.#print(contexts);
    if (!names.includes(chosen.name)) {
      this.logToStderr(`The context in use, ${chosen.name} (${chosen.from}), does not exist.`);
    }
    return { contexts };
  }

  #print(contexts: readonly ContextLine[]): void {
    const style = styleOf(process.stdout);
    const rows = contexts.map(({ name, current, queue, store }) => [
      current ? style.green('*') : ' ',
      current ? style.bold(name) : name,
      queue,
      store,
    ]);
    const head = ['', 'NAME', 'QUEUE', 'STORE'].map((title) => style.dim(title));
    this.log(textTable([head, ...rows], process.stdout.columns));
  }
}
