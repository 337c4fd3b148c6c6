// Not from '@oclif/core' itself: that loads semver to look at Node's version, and parts we never use (30 ms).
import { Command } from '@oclif/core/command';
import * as Errors from '@oclif/core/errors';
import * as Flags from '@oclif/core/flags';
import { settings } from '@oclif/core/settings';
import { AtbdError, type ErrorCode } from '../../engine/model/error.js';
import { isPagerOpen } from './pager.js';
import { bugAsJson, bugAsText, errorAsJson, errorAsText, usageError } from './error-layout.js';

/**
 * What all commands share: `--json`, every failure with code, hint and exit code on stderr, a
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

  /** Aborted by the first Ctrl-C, SIGTERM or closed terminal; a second one ends the process at once. */
  protected get signal(): AbortSignal {
    return this.#interrupt.signal;
  }

  /** JSON without colour: it is read by programs, also when a person looks on. */
  override logJson(json: unknown): void {
    process.stdout.write(`${JSON.stringify(json, undefined, 2)}\n`);
  }

  protected override async init(): Promise<void> {
    await super.init();
    settings.debug = false;
    process.stdout.on('error', (error: Error) => {
      if (isClosedPipe(error)) process.exit(0);
      throw error;
    });
    // Nobody is left who could be told.
    process.stderr.on('error', () => undefined);
    const onSignal = (name: NodeJS.Signals): void => {
      if (this.#interrupt.signal.aborted && !isPagerOpen()) process.exit(INTERRUPTED_EXIT_CODE);
      this.#interrupt.abort(interrupted(name));
    };
    for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, onSignal);
  }

  protected override async catch(error: Error & { exitCode?: number }): Promise<void> {
    if (error instanceof Errors.ExitError) {
      await super.catch(error);
      return;
    }
    if (isClosedPipe(error)) return;
    if (this.#isInterrupt(error)) {
      process.exitCode = INTERRUPTED_EXIT_CODE;
      return;
    }
    const expected = this.#expected(error);
    process.exitCode = expected?.exitCode ?? 1;
    const isJson = this.jsonEnabled();
    if (expected) process.stderr.write(isJson ? errorAsJson(expected) : errorAsText(expected));
    else process.stderr.write(isJson ? bugAsJson(error) : bugAsText(error));
  }

  /** What was aborted by Ctrl-C may come back as any kind of abort; without it, none of them is silent. */
  #isInterrupt(error: Error): boolean {
    if (!this.#interrupt.signal.aborted) return false;
    if (error instanceof AtbdError) return ABORT_CODES.includes(error.code);
    return error.name === 'AbortError';
  }

  #expected(error: Error): AtbdError | undefined {
    if (error instanceof AtbdError) return error;
    // oclif knows two kinds: its parser's, and what a flag's own `parse` says of a value.
    if (error instanceof Errors.CLIError) return usageError(error.message, this.id ?? '');
    return undefined;
  }
}

const INTERRUPTED_EXIT_CODE = 130;

/** How an abort of ours comes back: from our side, or from the server's. */
const ABORT_CODES: readonly ErrorCode[] = ['INTERRUPTED', 'QUERY_CANCELLED'];

function isClosedPipe(error: Error): boolean {
  return 'code' in error && error.code === 'EPIPE';
}

function interrupted(name: string): AtbdError {
  return new AtbdError({
    code: 'INTERRUPTED',
    message: `stopped by ${name}`,
    hint: 'Run it again.',
  });
}
