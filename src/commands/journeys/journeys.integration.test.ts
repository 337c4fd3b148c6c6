import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runAtbd, type Ran } from '../_cli/testing/run-atbd.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'atbd-journeys-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

function run(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ran> {
  const config = join(folder, 'config.yaml');
  return runAtbd(['journeys', ...args], { cwd: folder, env: { ATBD_CONFIG: config, ...env } });
}

async function patienceSaid(args: readonly string[], env = {}): Promise<[string, string]> {
  const shown = await run(['show', ...args], env);
  expect(shown.code).toBe(0);
  const [, patience = ''] = /patience: (.*)/u.exec(shown.stdout) ?? [];
  return [patience, shown.stderr.trim()];
}

describe('atbd journeys', () => {
  it.each([['show'], ['validate']])('%s explains itself', async (name) => {
    const { stdout, code } = await run([name, '--help'], { COLUMNS: '100' });
    expect(stdout).toMatchSnapshot();
    expect(code).toBe(0);
  });

  it('shows what it takes: its own print is valid and says the same', async () => {
    const { stdout, code } = await run(['show']);
    expect(code).toBe(0);
    await writeFile(join(folder, 'printed.yaml'), stdout);
    expect(await run(['validate', 'printed.yaml'])).toEqual({
      code: 0,
      stdout: 'printed.yaml is valid\n',
      stderr: '',
    });
    const again = await run(['show', '--journeys', 'printed.yaml', '--json']);
    expect(JSON.parse(again.stdout)).toEqual(JSON.parse((await run(['show', '--json'])).stdout));
  });

  it('takes the flag before the environment, that before the context, and that before the shop', async () => {
    for (const patience of ['1h', '2h', '3h'])
      await writeFile(join(folder, `${patience}.yaml`), `attempts: { patience: ${patience} }\n`);
    const env = { ATBD_JOURNEYS: '2h.yaml' };
    expect(await patienceSaid([])).toEqual(['75m', 'From the built-in shop:']);
    const set = await runAtbd(['context', 'set', 'lab', '--set', 'journeys=3h.yaml'], {
      env: { ATBD_CONFIG: join(folder, 'config.yaml') },
    });
    expect(set.code).toBe(0);
    expect(await patienceSaid(['--context', 'lab'])).toEqual([
      '3h',
      `From ${join(folder, '3h.yaml')}:`,
    ]);
    expect(await patienceSaid(['--context', 'lab'], env)).toEqual(['2h', 'From 2h.yaml:']);
    expect(await patienceSaid(['--journeys', '1h.yaml'], env)).toEqual(['1h', 'From 1h.yaml:']);
  });

  it('names the place of each mistake', async () => {
    const file = [
      'pageViews:',
      '  where: { tpye: page.view }',
      'sessions: { gap: 30 }',
      'attempts:',
      '  where: {}',
      '  abandoned: maybe',
      'funnel:',
      '  steps: [{ step: view, where: { type: [] } }]',
      'settle: {}',
    ];
    await writeFile(join(folder, 'wrong.yaml'), file.join('\n'));
    const { code, stdout, stderr } = await run(['validate', 'wrong.yaml']);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatchSnapshot();
  });

  it('names the place of a condition in CEL that is none', async () => {
    const file = [
      'pageViews:',
      `  where: 'type == "page.view" && pgae == "/"'`,
      'settled:',
      '  ok: type.startsWith("paid")',
      '  failed: status',
      'funnel:',
      '  steps:',
      '    - { step: view, where: { type: page.view } }',
      '    - { step: buy, where: \'type = "order.paid"\' }',
    ];
    await writeFile(join(folder, 'conditions.yaml'), file.join('\n'));
    const { code, stderr } = await run(['validate', 'conditions.yaml']);
    expect(stderr).toMatchSnapshot();
    expect(code).toBe(2);
  });

  it('takes a condition in CEL in place of fields', async () => {
    const where = 'type == "order.paid" && double(attrs.items) > 1.0';
    await writeFile(join(folder, 'cel.yaml'), `transactions: { where: '${where}' }\n`);
    const { stdout, stderr, code } = await run(['show', '--journeys', 'cel.yaml', '--json']);
    expect({ stderr, code }).toEqual({ stderr: '', code: 0 });
    expect(JSON.parse(stdout)).toMatchObject({ transactions: { where } });
  });

  it.each([
    [['validate'], 'USAGE_INVALID', 'cannot validate nothing: name a file'],
    [['validate', 'none.yaml'], 'CONFIG_INVALID', 'there is no file "none.yaml"'],
    [['show', '--journeys', 'none.yaml'], 'CONFIG_INVALID', 'there is no file "none.yaml"'],
  ])('%j ends with exit code 2', async (args, code, message) => {
    const ran = await run([...args, '--json']);
    expect(ran.code).toBe(2);
    expect(ran.stdout).toBe('');
    const { error } = JSON.parse(ran.stderr) as { error: { code: string; message: string } };
    expect(error.code).toBe(code);
    expect(error.message).toContain(message);
  });

  it('prints a schema that is one', async () => {
    const { stdout, code } = await run(['validate', '--schema']);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ type: 'object', additionalProperties: false });
  });
});
