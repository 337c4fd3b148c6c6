import { execFile } from 'node:child_process';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { onTerminal } from './testing/on-terminal.js';

const run = promisify(execFile);

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'atbd-pager-'));
  // A pager that keeps what it is given, and one that is left after the first line.
  await script('keep', `cat > ${join(folder, 'kept')}; echo LEFT`);
  await script('leave', 'read -r line; echo "SEEN $line"');
});
afterAll(() => rm(folder, { recursive: true }));

async function script(name: string, text: string): Promise<void> {
  const path = join(folder, name);
  await writeFile(path, `#!/bin/sh\n${text}\n`);
  await chmod(path, 0o755);
}

const USERS = ['describe', 'query', 'users'];

const keep = (): string => join(folder, 'keep');

describe('an answer on a terminal', () => {
  it('goes to the pager when it has more lines than fit, whole and in colour', async () => {
    const shown = await onTerminal(USERS, { rows: 10, pager: keep() });
    expect(shown).toBe('LEFT\ncode 0\n');
    const kept = await readFile(join(folder, 'kept'), 'utf8');
    expect(kept.startsWith('\u001b[1mquery users')).toBe(true);
    expect(kept).toMatch(/rows\[\]\.provisional .*\n$/u);
  });

  it('is written where it fits', async () => {
    const shown = await onTerminal(USERS, { rows: 60, pager: keep() });
    expect(shown).not.toContain('LEFT');
    expect(shown).toContain('rows[].provisional');
  });

  it.each(['cat', '', 'no-such-pager'])('is written where the pager is "%s"', async (pager) => {
    const shown = await onTerminal(USERS, { rows: 10, pager });
    expect(shown).toContain('rows[].provisional');
    expect(shown).toMatch(/code 0\n$/u);
  });

  it('may be left before its end', async () => {
    const shown = await onTerminal(['describe'], { rows: 10, pager: join(folder, 'leave') });
    expect(shown).toMatch(/^SEEN .*COMMAND/u);
    expect(shown).toMatch(/code 0\n$/u);
  });

  it('is not paged where it is no terminal', async () => {
    const { PATH, HOME } = process.env;
    const { stdout } = await run('node', ['bin/run.js', 'describe'], {
      env: { PATH, HOME, PAGER: keep() },
    });
    expect(stdout).toContain('query users');
  });
});
