import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runAtbd, type Ran } from '../_cli/testing/run-atbd.js';
import type { TestContext } from '../_cli/testing/test-context.js';
import { startPurchaseContext } from './_question/testing/purchase-context.js';

let context: TestContext;
beforeAll(async () => {
  context = await startPurchaseContext();
});
afterAll(() => context[Symbol.asyncDispose]());

function run(...args: string[]): Promise<Ran> {
  return runAtbd(['query', ...args, '--tz', 'UTC'], { env: context.env });
}

describe('atbd query', () => {
  it.each([['fields'], ['values'], ['services']])('%s explains itself', async (name) => {
    const { stdout, code } = await runAtbd(['query', name, '--help'], { env: { COLUMNS: '100' } });
    expect(stdout).toMatchSnapshot();
    expect(code).toBe(0);
  });
});

describe('what there is', () => {
  const from = ['--from', '2026-11-20', '--to', '2026-11-21'];

  it('fields: a row for each that has a value', async () => {
    const { stdout, stderr, code } = await run('fields', ...from);
    expect({ stdout, stderr, code }).toMatchSnapshot();
  });

  it('values of a field, as JSON', async () => {
    const { stdout, code } = await run('values', 'service', '--limit', '2', '--json', ...from);
    expect(JSON.parse(stdout)).toEqual({
      question: 'values',
      from: '2026-11-20T00:00:00.000Z',
      to: '2026-11-21T00:00:00.000Z',
      source: 'events',
      notes: ['Only the 2 most frequent of 4 values are shown (--limit).'],
      missingShards: [],
      field: 'service',
      total: 16,
      without: 0,
      distinct: 4,
      rows: [
        { value: 'payment', events: 7, share: 0.4375 },
        { value: 'order', events: 4, share: 0.25 },
      ],
    });
    expect(code).toBe(0);
  });

  it('services, and an assertion about each', async () => {
    const args = ['services', '--assert', 'error_share < 0.1', '--json', ...from];
    const { stdout, stderr, code } = await run(...args);
    const { rows } = JSON.parse(stdout) as { rows: Record<string, unknown>[] };
    expect(rows).toMatchSnapshot();
    expect(JSON.parse(stderr)).toMatchObject({ error: { code: 'ASSERTION_FAILED' } });
    expect(code).toBe(1);
  });

  it('a sample says that it is one', async () => {
    const { stdout, stderr } = await run(
      'values',
      'service',
      '--sample',
      '3',
      '-o',
      'csv',
      ...from,
    );
    expect(stdout).toMatch(/^value,events,share\r\n/);
    expect(stdout.trimEnd().split('\r\n').slice(1).reduce(sumOfEvents, 0)).toBe(3);
    expect(stderr).toBe('');
    const table = await run('values', 'service', '--sample', '3', ...from);
    expect(table.stderr).toBe(
      'A sample: only the newest 3 events, since 2026-11-20T10:00:05.299Z.\n',
    );
  });

  it.each([
    [
      ['values', 'servce'],
      'None of 16 events has a value.\n"servce" was looked for in attrs; did you mean service?\n',
    ],
    [
      ['services', '--service', 'paymnt'],
      'Nothing found. Use --since or --from for another time, or fewer conditions.\n' +
        'No event of this time has the service "paymnt"; did you mean "payment"?\n',
    ],
    [['logs', '--host', 'somewhere'], 'Nothing found.\nNo event of this time has a host.\n'],
    [
      ['page-views', '--service', 'Gateway'],
      'Nothing found. Use --since or --from for another time, or fewer conditions.\n' +
        'No event of this time has the service "Gateway"; did you mean "gateway"?\n',
    ],
  ])('%j finds nothing, and says what was likely meant', async (args, hint) => {
    const { stderr, code } = await run(...args, ...from);
    expect(stderr).toBe(hint);
    expect(code).toBe(0);
  });

  it('no values of ts', async () => {
    const { stderr, code } = await run('values', 'ts', ...from);
    expect(stderr).toContain('Error: cannot filter by ts');
    expect(code).toBe(2);
  });
});

function sumOfEvents(sum: number, line: string): number {
  return sum + Number(line.split(',')[1]);
}
