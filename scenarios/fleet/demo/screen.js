import { Chalk } from 'chalk';

const WIDTH = 80;

/** What the demo says, on stdout: calm on a terminal, plain where there is none (or with NO_COLOR). */
export class Screen {
  #chalk;
  #stepCount = 0;

  constructor({ stdout = process.stdout, env = process.env } = {}) {
    const hasColor = stdout.isTTY === true && (env.NO_COLOR ?? '') === '';
    this.#chalk = new Chalk({ level: hasColor ? 1 : 0 });
  }

  title(text) {
    console.log(`\n${this.#chalk.bold(text)}`);
  }

  /** A numbered heading, and what the reader should know before the commands below it. */
  step(title, ...explanation) {
    this.#stepCount += 1;
    const head = `── ${this.#stepCount}  ${title} `;
    const rule = '─'.repeat(Math.max(0, WIDTH - head.length));
    const { cyan, bold, dim } = this.#chalk;
    console.log(`\n${cyan('──')} ${bold(`${this.#stepCount}  ${title}`)} ${cyan(rule)}`);
    for (const line of explanation) console.log(dim(line));
  }

  /** A command line as a user would type it. */
  command(words) {
    const { green, bold } = this.#chalk;
    console.log(`\n${green('$')} ${bold(words.map(shellWord).join(' '))}`);
  }

  say(text = '') {
    console.log(text);
  }

  done(text) {
    console.log(`${this.#chalk.green('✓')} ${text}`);
  }

  /** To stderr, like every other complaint. */
  fail(text) {
    console.error(`${this.#chalk.red('✗')} ${text}`);
  }
}

/** Quoted only where a shell asks for it. */
function shellWord(word) {
  return /^[\w./:=@,+-]+$/u.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}

/** `1234` as `1.2 s`. */
export function seconds(durationMs) {
  return `${(durationMs / 1000).toFixed(1)} s`;
}
