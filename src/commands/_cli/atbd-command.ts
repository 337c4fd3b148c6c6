import { Command, Flags, settings } from '@oclif/core';
import { AtbdError } from '../../engine/model/error.js';

/** Where each error code is explained. */
const ERROR_DOCS = 'docs/errors.md';

/**
 * What all commands share: `--json`, expected errors with code, hint and exit code on stderr, a
 * signal that Ctrl-C aborts, and quiet ends (closed pipe, interrupt).
 */
export abstract class AtbdCommand extends Command {
  static override baseFlags = {
    context: Flags.string({
      summary: 'Context to use (see `atbd context ls`).',
      env: 'ATBD_CONTEXT',
      helpGroup: 'GLOBAL',
    }),
  };

  readonly #interrupt = new AbortController();

  /** Aborted by the first Ctrl-C or SIGTERM; a second one ends the process at once. */
  protected get signal(): AbortSignal {
    return this.#interrupt.signal;
  }

  protected override async init(): Promise<void> {
    await super.init();
    settings.debug = false;
    process.stdout.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EPIPE') process.exit(0);
      throw error;
    });
    const onSignal = (name: NodeJS.Signals): void => {
      if (this.#interrupt.signal.aborted) process.exit(130);
      this.#interrupt.abort(interrupted(name));
    };
    process.on('SIGINT', onSignal);
    process.on('SIGTERM', onSignal);
  }

  protected override async catch(error: Error & { exitCode?: number }): Promise<void> {
    if (!(error instanceof AtbdError)) {
      await super.catch(error);
      return;
    }
    process.exitCode = error.exitCode;
    if (error.code === 'INTERRUPTED') return;
    process.stderr.write(this.jsonEnabled() ? errorAsJson(error) : errorAsText(error));
  }
}

function interrupted(name: string): AtbdError {
  return new AtbdError({
    code: 'INTERRUPTED',
    message: `stopped by ${name}`,
    hint: 'Run it again.',
  });
}

function errorAsText(error: AtbdError): string {
  const lines = [`Error: ${error.message}`];
  for (const cause of causesOf(error)) lines.push(`  because: ${cause}`);
  lines.push(
    `Code: ${error.code} (${ERROR_DOCS}#${error.code.toLowerCase()})`,
    `Try this: ${error.hint}`,
  );
  return `${lines.join('\n')}\n`;
}

function errorAsJson(error: AtbdError): string {
  const { code, message, hint, exitCode } = error;
  return `${JSON.stringify({ error: { code, message, hint, exitCode, causes: causesOf(error) } })}\n`;
}

/** At most this many causes are shown: a chain that is longer says nothing new. */
const CAUSES_MAX = 5;

function causesOf(error: Error): string[] {
  const causes: string[] = [];
  for (let cause = error.cause; cause instanceof Error; cause = cause.cause) {
    causes.push(cause.message);
    if (causes.length === CAUSES_MAX) break;
  }
  return causes;
}
