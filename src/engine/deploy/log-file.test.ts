import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LogFile } from './log-file.js';
import { OutputTail } from './output-tail.js';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'atbd-log-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

describe('LogFile', () => {
  it('keeps the last full file and no more', () => {
    const path = join(folder, 'part.log');
    {
      using log = new LogFile(path, 10);
      for (const line of ['first--\n', 'second-\n', 'third--\n']) log.write(line);
    }
    expect(readFileSync(path, 'utf8')).toBe('third--\n');
    expect(readFileSync(`${path}.1`, 'utf8')).toBe('second-\n');
    expect(readdirSync(folder)).toHaveLength(2);
  });

  it('goes on where an earlier process stopped', () => {
    const path = join(folder, 'part.log');
    for (const line of ['a\n', 'b\n']) {
      using log = new LogFile(path, 10);
      log.write(line);
    }
    expect(readFileSync(path, 'utf8')).toBe('a\nb\n');
  });
});

describe('OutputTail', () => {
  it.each([
    ['', undefined],
    ['starting\nlistening\n', 'listening'],
    ['Error: cannot bind 8123\n    at listen (server.js:1)\n', 'Error: cannot bind 8123'],
  ])('of %j the most telling line is %j', (output, line) => {
    const tail = new OutputTail();
    tail.add(Buffer.from(output));
    expect(tail.mostTelling()).toBe(line);
  });
});
