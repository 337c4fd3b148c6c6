import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runAtbd, type Ran } from '../_cli/testing/run-atbd.js';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'atbd-cli-'));
});

afterEach(() => rm(folder, { recursive: true }));

const file = (): string => join(folder, 'config.yaml');

function atbd(...args: string[]): Promise<Ran> {
  return runAtbd(args, {
    cwd: folder,
    env: { ATBD_HOME: join(folder, 'home'), ATBD_CONFIG: file(), LAB_PASSWORD: 'hush-hush' },
  });
}

const COMMENTED = `# Written by hand.
contexts:
  # The small one.
  lab:
    queue: { kind: embedded, path: q }
`;

describe('atbd context', () => {
  it('makes a context, chooses it, and keeps what a person wrote', async () => {
    await writeFile(file(), COMMENTED);
    const set = ['queue.kind=kafka', 'queue.brokers=k1:9092,k2:9092', 'queue.tls=true'];
    const made = await atbd('context', 'set', 'prod', ...set.flatMap((at) => ['--set', at]));
    expect(made).toMatchObject({ code: 0, stderr: '' });
    await atbd('context', 'set', 'prod', '--set', 'queue.tls.serverName=kafka.example');
    await atbd('context', 'use', 'prod');
    expect(await readFile(file(), 'utf8')).toBe(`${COMMENTED}  prod:
    queue:
      kind: kafka
      brokers:
        - k1:9092
        - k2:9092
      tls:
        serverName: kafka.example
current: prod
`);
    const { stdout } = await atbd('context', 'ls', '--json');
    expect(JSON.parse(stdout)).toEqual({
      contexts: [
        {
          name: 'local',
          current: false,
          queue: 'of the local stack',
          store: 'of the local stack',
        },
        { name: 'lab', current: false, queue: 'embedded q', store: 'of the local stack' },
        {
          name: 'prod',
          current: true,
          queue: 'kafka k1:9092,k2:9092 tls',
          store: 'of the local stack',
        },
      ],
    });
    await atbd('context', 'set', 'prod', '--delete');
    expect(await readFile(file(), 'utf8')).toBe(COMMENTED);
  });

  it('lists without colour when it is not a terminal', async () => {
    await writeFile(file(), COMMENTED);
    expect((await atbd('context', 'ls')).stdout).toBe(
      `   NAME   QUEUE               STORE
*  local  of the local stack  of the local stack
   lab    embedded q          of the local stack
`,
    );
  });

  it('shows where a password comes from, and never the password', async () => {
    await writeFile(
      file(),
      'contexts:\n  lab:\n    store: { kind: clickhouse, shards: ["http://h:8123"], username: u, passwordEnv: LAB_PASSWORD, reader: { username: r, passwordFile: gone } }\n',
    );
    const { stdout, code } = await atbd('context', 'show', 'lab');
    expect(code).toBe(0);
    expect(stdout).toContain(
      'password: •••••••• (from the environment variable LAB_PASSWORD, which is set)',
    );
    expect(stdout).toContain(`(from the file ${join(folder, 'gone')}, which CANNOT BE READ)`);
    expect(stdout).not.toContain('hush-hush');
  });

  it('refuses what would not be valid, and leaves the file alone', async () => {
    await writeFile(file(), COMMENTED);
    const { code, stderr } = await atbd('context', 'set', 'lab', '--set', 'queue.kind=rabbit');
    expect(code).toBe(2);
    expect(stderr).toBe(
      `Error: cannot use the settings: ${file()}:6:13 contexts.lab.queue.kind: must be local, embedded, kafka or redis
Code: CONFIG_INVALID (docs/errors.md#config_invalid)
Try this: Correct the file, or have a look at \`atbd context set --help\`.
`,
    );
    expect(await readFile(file(), 'utf8')).toBe(COMMENTED);
  });
});

describe('topics of a context', () => {
  it('are set as YAML, and shown', async () => {
    await writeFile(file(), COMMENTED);
    const topics = '[{name: app-logs, format: json, service: shop}, {name: lines, format: text}]';
    const { code, stderr } = await atbd('context', 'set', 'lab', '--set', `topics=${topics}`);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const { stdout } = await atbd('context', 'show', 'lab', '--json');
    expect(JSON.parse(stdout)).toMatchObject({
      settings: {
        topics: [
          { name: 'app-logs', format: 'json', service: 'shop' },
          { name: 'lines', format: 'text' },
        ],
      },
    });
  });

  it.each([
    [
      '[{name: a, format: xml}]',
      'topics.0.format: must be one of atbd, json, text, debezium, otlp-json',
    ],
    ['[{name: a/b, format: json}]', 'topics.0.name: must be letters, digits, dots'],
    ['[{name: a, format: json, pattern: x}]', 'topics.0.pattern: is for the format text'],
    ['[{name: a, format: json}, {name: a, format: text}]', 'topics.1.name: is there twice'],
    [
      '[{name: a, format: text, pattern: "(?<ts>"}]',
      'topics.0.pattern: cannot use the pattern "(?<ts>": error parsing regexp: missing closing )',
    ],
    [
      '[{name: a, format: debezium, columns: {id: ts}}]',
      'topics.0.columns: id cannot be ts: choose one of level, service',
    ],
    ['[{name: a', 'cannot read the value of topics: it is no YAML'],
  ])('are refused at once as %s', async (topics, message) => {
    await writeFile(file(), COMMENTED);
    const { code, stderr } = await atbd('context', 'set', 'lab', '--set', `topics=${topics}`);
    expect(code).toBe(2);
    expect(stderr).toContain(message);
    expect(await readFile(file(), 'utf8')).toBe(COMMENTED);
  });
});

describe('a mistake in usage', () => {
  it.each([
    [['context', 'ls', '--colour'], 'Error: Nonexistent flag: --colour', 'context ls --help'],
    [['context', 'use'], 'Error: Missing 1 required arg', 'context use --help'],
    [['contxt'], 'Error: cannot find the command "contxt"', 'Did you mean: atbd context'],
    [['context', 'sow'], 'Error: cannot find the command "context sow"', 'atbd context show'],
    [
      ['context', 'use', 'nowhere'],
      'Error: cannot find the context "nowhere" (to be used)',
      'Known contexts: local.',
    ],
  ])('%j exits 2 and says what to do', async (args, message, hint) => {
    const { code, stdout, stderr } = await atbd(...args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(message);
    expect(stderr).toMatch(/^Code: (USAGE_INVALID|CONTEXT_NOT_FOUND) \(docs\/errors\.md#/m);
    expect(stderr).toContain(hint);
  });

  it('is an object on stderr with --json', async () => {
    const { code, stdout, stderr } = await atbd('context', 'ls', '--json', '--colour');
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(JSON.parse(stderr)).toEqual({
      error: {
        code: 'USAGE_INVALID',
        message: 'Nonexistent flag: --colour',
        hint: 'Read atbd context ls --help',
        exitCode: 2,
        causes: [],
      },
    });
  });
});

describe('a reader that goes away', () => {
  it('ends a command quietly', async () => {
    const { code, stderr } = await runAtbd(['context', 'ls'], {
      cwd: folder,
      env: { ATBD_CONFIG: file() },
      closeStdout: true,
    });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });
});
