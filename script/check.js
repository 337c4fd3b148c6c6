// `npm run check [-- --without-tests]`: every quick check, side by side where the cores allow, with the time each took.
import { spawn } from 'node:child_process';

const CHECKS = [
  ['types', 'tsc', ['-p', 'tsconfig.json']],
  [
    'lint',
    'eslint',
    ['--max-warnings', '0', '--cache', '--cache-location', 'node_modules/.cache/eslint/', '.'],
  ],
  ['format', 'prettier', ['--check', '--log-level', 'warn', '--cache', '.']],
  ['layers', 'depcruise', ['--config', '.dependency-cruiser.cjs', '--output-type', 'err', 'src']],
  ['unused', 'knip', ['--no-config-hints']],
  ['unit tests', 'vitest', ['run', '--project', 'unit', '--reporter', 'default']],
];
const SIDE_BY_SIDE = 2;

function run([name, command, args]) {
  const started = performance.now();
  return new Promise((resolve) => {
    const child = spawn(`node_modules/.bin/${command}`, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    child.stdout.on('data', (data) => (output += data));
    child.stderr.on('data', (data) => (output += data));
    child.on('close', (code) => {
      const seconds = ((performance.now() - started) / 1000).toFixed(1);
      console.log(`${code === 0 ? 'ok  ' : 'FAIL'}  ${name.padEnd(12)} ${seconds} s`);
      if (code !== 0) console.log(output.trimEnd());
      else if (name === 'unit tests')
        console.log(output.trimEnd().split('\n').slice(-4).join('\n'));
      resolve(code === 0);
    });
  });
}

const withoutTests = process.argv.includes('--without-tests');
const queue = CHECKS.filter(([name]) => !(withoutTests && name === 'unit tests'));
const results = [];
await Promise.all(
  Array.from({ length: SIDE_BY_SIDE }, async () => {
    for (let next = queue.shift(); next; next = queue.shift()) results.push(await run(next));
  }),
);
process.exitCode = results.every(Boolean) ? 0 : 1;
