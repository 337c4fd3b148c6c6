import { z } from 'zod';
import type { EventCount } from '../../model/story-store.js';
import { formatAmount, parseAmount } from '../../model/amount.js';
import type { StoryTruth } from '../load/story-load.js';
import {
  firstDetails,
  rangeFlags,
  within,
  type Expectation,
  type ExpectationContext,
  type Verdict,
} from './expectation.js';

const DIMENSIONS = ['type', 'service', 'level', 'status', 'amount'] as const;
type Dimension = (typeof DIMENSIONS)[number];

/** What is stored, counted by type, service, level and status, and its amounts to the cent, equals the truth. */
export const counts = z
  .strictObject({
    kind: z.literal('counts'),
    by: z
      .array(z.enum(DIMENSIONS, { error: `must be one of ${DIMENSIONS.join(', ')}` }))
      .min(1)
      .default([...DIMENSIONS]),
    within,
  })
  .describe('Events stored, by type, service, level and status, and amounts equal the truth.')
  .transform(({ by, within: withinMs }): Expectation => ({
    kind: 'counts',
    title: `counts by ${by.join(', ')} equal the truth`,
    withinMs,
    check: (context) => checkCounts(by, context),
  }));

interface Difference {
  readonly line: string;
  readonly command: string;
}

async function checkCounts(
  by: readonly Dimension[],
  context: ExpectationContext,
): Promise<Verdict> {
  const stored = await context.store.countEvents(context.signal);
  const range = rangeFlags(context.range);
  const differences = by.flatMap((dimension) => {
    const [expected, seen] = [truthOf(dimension, context.truth), storedOf(dimension, stored)];
    return compare(dimension, expected, seen, range);
  });
  const total = stored.reduce((sum, { count }) => sum + count, 0);
  const wanted = sumOf(context.truth.sent.byType);
  return {
    isMet: differences.length === 0,
    expected: `${wanted} events, as the truth counts them`,
    seen:
      differences.length === 0
        ? `${total} events, every count equal`
        : `${total} events, ${differences.length} counts differ`,
    command:
      differences[0]?.command ?? `atbd query logs ${range} --fields type,service,level,status`,
    details: firstDetails(differences.map(({ line }) => line)),
  };
}

/** What each value of a dimension counts; of amounts, the sum in minor units. */
type Tally = ReadonlyMap<string, bigint>;

function truthOf(dimension: Dimension, { sent, amounts }: StoryTruth): Tally {
  switch (dimension) {
    case 'type':
      return toTally(sent.byType);
    case 'service':
      return toTally(sent.byService);
    case 'level':
      return toTally(sent.byLevel);
    case 'status':
      return toTally(sent.byTypeAndStatus);
    case 'amount':
      return new Map([...amounts].map(([key, text]) => [key, parseAmount(text)]));
  }
}

function storedOf(dimension: Dimension, rows: readonly EventCount[]): Tally {
  const tally = new Map<string, bigint>();
  for (const row of rows) {
    const key = keyOf(dimension, row);
    if (key === undefined) continue;
    const added = dimension === 'amount' ? parseAmount(row.amount) : BigInt(row.count);
    tally.set(key, (tally.get(key) ?? 0n) + added);
  }
  return tally;
}

/** undefined: the row has no say in this dimension. */
function keyOf(dimension: Dimension, row: EventCount): string | undefined {
  switch (dimension) {
    case 'type':
    case 'service':
    case 'level':
      return row[dimension] === '' ? undefined : row[dimension];
    case 'status':
      return row.status === '' ? undefined : `${row.type} ${row.status}`;
    case 'amount':
      return row.currency === '' ? undefined : `${row.type} ${row.currency}`;
  }
}

function compare(dimension: Dimension, expected: Tally, seen: Tally, range: string): Difference[] {
  const keys = [...new Set([...expected.keys(), ...seen.keys()])].toSorted();
  return keys.flatMap((key) => {
    const [wanted, stored] = [expected.get(key) ?? 0n, seen.get(key) ?? 0n];
    if (wanted === stored) return [];
    const show = dimension === 'amount' ? formatAmount : String;
    const line = `${dimension} ${key}: expected ${show(wanted)}, stored ${show(stored)}`;
    return [{ line, command: `atbd query logs ${flagsFor(dimension, key)} ${range}` }];
  });
}

function flagsFor(dimension: Dimension, key: string): string {
  const [type = '', value = ''] = key.split(' ');
  switch (dimension) {
    case 'type':
    case 'service':
    case 'level':
      return `--${dimension} ${key}`;
    case 'status':
      return `--type ${type} -f status=${value}`;
    case 'amount':
      return `--type ${type} -f currency=${value} --fields amount,currency,order_id`;
  }
}

function toTally(counted: ReadonlyMap<string, number>): Tally {
  return new Map([...counted].map(([key, count]) => [key, BigInt(count)]));
}

function sumOf(counted: ReadonlyMap<string, number>): number {
  return [...counted.values()].reduce((sum, count) => sum + count, 0);
}
