import { systemClock } from '../engine/model/clock.js';
import { AtbdCommand } from './_cli/atbd-command.js';
import { completions } from './_cli/completion/completions.js';
import { readValues } from './_cli/completion/read-values.js';

/** What a shell asks when Tab is pressed; `completion` prints the script that does. */
export default class Complete extends AtbdCommand {
  static override hidden = true;
  static override strict = false;
  static override summary = 'Answer a shell that completes a command line.';
  static override examples = ['<%= config.bin %> <%= command.id %> -- query logs --lev'];

  /** Not parsed: the words are another command's. */
  async run(): Promise<void> {
    const words = this.argv.slice(this.argv.indexOf('--') + 1);
    const named = words.indexOf('--context');
    const context = named === -1 ? process.env['ATBD_CONTEXT'] : words[named + 1];
    const sources = { context, nowMs: systemClock.nowMs(), signal: this.signal };
    const found = await completions(this.config.commands, words, (wanted) =>
      readValues(wanted, sources),
    );
    for (const { value, text } of found) this.log(text === '' ? value : `${value}\t${text}`);
  }
}
