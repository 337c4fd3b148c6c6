import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { AtbdCommand } from './atbd-command.js';

const COMMANDS = fileURLToPath(new URL('..', import.meta.url));

const files = readdirSync(COMMANDS, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts') && !file.includes('.test.') && !/(^|\/)_/.test(file))
  .toSorted();

/** As it is: oclif's own types say that none of these is ever missing. */
interface CommandClass {
  readonly prototype: unknown;
  readonly summary?: string;
  readonly examples?: readonly unknown[];
  readonly flags?: Readonly<Record<string, { summary?: string; description?: string }>>;
  readonly args?: Readonly<Record<string, { description?: string }>>;
}

async function load(file: string): Promise<CommandClass> {
  const module = (await import(join(COMMANDS, file))) as { default: CommandClass };
  return module.default;
}

describe.each(files)('the command in %s', (file) => {
  it('says what it does and shows how', async () => {
    const command = await load(file);
    expect(command.prototype).toBeInstanceOf(AtbdCommand);
    expect(command.summary).toMatch(/^[A-Z].*\.$/);
    expect(command.examples?.length).toBeGreaterThan(0);
    for (const example of command.examples ?? []) {
      expect(JSON.stringify(example)).toContain('<%= config.bin %> <%= command.id %>');
    }
  });

  it('explains each flag and argument, and takes no secret by a flag', async () => {
    const { flags = {}, args = {} } = await load(file);
    for (const [name, flag] of Object.entries(flags)) {
      expect(flag.summary ?? flag.description, `--${name}`).toBeTruthy();
      expect(name).not.toMatch(/^(.*-)?(password|secret|token)$/);
    }
    for (const [name, arg] of Object.entries(args)) expect(arg.description, name).toBeTruthy();
  });
});
