import { Chalk } from 'chalk';
import { expect, it } from 'vitest';
import { letterSpace } from '../letter-alarm.js';
import type { StackReport } from './describe-stack.js';
import { renderStack } from './render-stack.js';

const MIB = 1024 ** 2;
const NO_COLOUR = new Chalk({ level: 0 });

function reportWith(disk: StackReport['disk']): StackReport {
  return {
    ...{ home: '/home/x', healthy: true, stopping: false, uptimeMs: 5_000 },
    ...{ supervisor: { pid: 1, memoryBytes: null }, parts: [], lag: { records: 0, error: null } },
    disk,
    deadLetters: letterSpace(
      disk.tables.find(({ name }) => name === 'dead_letters')?.bytes ?? 0,
      10 * MIB,
    ),
  };
}

function diskLine(disk: StackReport['disk'], columns?: number): string | undefined {
  const text = renderStack(reportWith(disk), NO_COLOUR, columns);
  return text.split('\n').find((line) => line.startsWith('Disk: '));
}

it.each([
  [{ tables: [], error: null }, 'Disk: 0.0 KiB'],
  [
    {
      tables: [
        { name: 'events', rows: 9, bytes: 3 * 1024 * MIB },
        { name: 'sessions_1m', rows: 9, bytes: 99.6 * MIB },
        { name: 'ledger', rows: 9, bytes: 2 * MIB },
      ],
      error: null,
    },
    // What is not worth a word is in the sum.
    'Disk: 3.1 GiB: events 3.0 GiB, sessions_1m 100 MiB',
  ],
  [
    {
      tables: [{ name: 'events', rows: 1, bytes: 1536 }],
      error: 'shard 2 does not say\u001b[2J',
    },
    'Disk: 1.5 KiB (shard 2 does not say␛[2J): events 1.5 KiB',
  ],
])('shows the disk use %j as one line', (disk, line) => {
  expect(diskLine(disk)).toBe(line);
});

it('warns of dead letters long before they are too many, and not before', () => {
  const shown = (bytes: number): string => {
    const tables = [{ name: 'dead_letters', rows: 9, bytes }];
    return renderStack(reportWith({ tables, error: null }), NO_COLOUR, undefined);
  };
  expect(shown(4.9 * MIB)).not.toContain('Dead letters');
  expect(shown(5 * MIB)).toContain(
    'Dead letters take 5.0 MiB, 50 % of their limit of 10 MiB. See why: atbd dlq ls',
  );
});

it('cuts the line of the disk to the terminal', () => {
  const tables = [{ name: 'events', rows: 9, bytes: 20 * MIB }];
  expect(diskLine({ tables, error: null }, 20)).toHaveLength(20);
});
