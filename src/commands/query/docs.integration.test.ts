import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { faultOf, runShop, smallSpec } from '../../engine/generate/testing/run-shop.js';
import { writeEvents } from '../../store/testing/write-events.js';
import { runAtbd } from '../_cli/testing/run-atbd.js';
import { startTestContext, type TestContext } from '../_cli/testing/test-context.js';
import { ShopTopic } from './_question/testing/shop-topic.js';

const FILE = fileURLToPath(new URL('../../../docs/queries.md', import.meta.url));

/** With ATBD_DOCS_UPDATE=1 the outputs in the file are replaced by what the commands say now. */
const isUpdate = process.env['ATBD_DOCS_UPDATE'] === '1';

/** The day that the file tells about: as its first paragraph says. */
const SHOP = smallSpec({
  seed: 7,
  fromMs: Date.UTC(2026, 10, 20, 9),
  toMs: Date.UTC(2026, 10, 20, 13),
  eventsPerSecond: 6,
  userCount: 300,
  faults: [
    faultOf({ kind: 'provider-down', provider: 'acme', at: '1h', for: '20m' }),
    faultOf({ kind: 'refund-ring', users: 2, every: '3m', at: '30m' }),
  ],
});

/** ```console, a command after `$ `, and what it prints. */
const EXAMPLE = /^```console\n\$ (?<command>atbd [^\n]+)\n(?<output>.*?)^```$/gmsu;

let context: TestContext;
beforeAll(async () => {
  context = await startTestContext({ queue: { kind: 'embedded' }, shardCount: 3 });
  const { store } = context.testStore;
  await new ShopTopic(store, 'events').write(runShop(SHOP).sendings);
  // The last one in each partition, so that the watermark is the same whichever is idle by now.
  const last = { ts: '2026-11-20T12:59:59.999Z', service: 'gateway', type: 'log' };
  for (const shard of [0, 1, 2]) {
    const target = { topic: 'events', partition: shard, shard, first: 1_000_000 };
    await writeEvents(store, [last], target);
  }
});
afterAll(async () => {
  await context[Symbol.asyncDispose]();
});

const text = readFileSync(FILE, 'utf8');
const examples = [...text.matchAll(EXAMPLE)].map(({ groups }) => ({
  command: groups?.['command'] ?? '',
  output: groups?.['output'] ?? '',
}));

it('answers each question with a command', () => {
  expect(examples.length).toBeGreaterThan(5);
});

it.each(examples)('$command prints what the file says', async ({ command, output }) => {
  const seen = await run(command);
  if (isUpdate) {
    const now = readFileSync(FILE, 'utf8');
    writeFileSync(
      FILE,
      now.replace(`$ ${command}\n${output}\`\`\``, () => `$ ${command}\n${seen}\`\`\``),
    );
    return;
  }
  expect(seen).toBe(output);
});

async function run(command: string): Promise<string> {
  const env = { ...context.env, ATBD_TZ: 'UTC', COLUMNS: '110' };
  const { stdout, stderr } = await runAtbd(splitWords(command).slice(1), { env });
  return stdout + stderr;
}

/** Words as a shell parts them: blanks, and single or double quotes without escapes. */
function splitWords(command: string): string[] {
  return [...command.matchAll(/'([^']*)'|"([^"]*)"|[^\s'"]+/gu)].map(
    ([word, single, double]) => single ?? double ?? word,
  );
}
