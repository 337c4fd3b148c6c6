import { createMatch } from '../../../engine/filter/create-match.js';
import { formatAmount, parseAmount } from '../../../engine/model/amount.js';
import { TIME_COLUMN, type AnswerRow } from '../../../engine/model/question/answer.js';
import type { RetriesQuestion } from '../read-retries.js';
import { recountChains, type RecountedChain, type TimedEvent } from './recount-chains.js';

/** The rows of `readRetries`, by counting chains one by one; in no order. */
export function recountRetries(
  events: readonly TimedEvent[],
  question: RetriesQuestion,
): AnswerRow[] {
  const { journeys, buckets, by, asOf } = question;
  const groups = new Map<string, { keys: AnswerRow; chains: RecountedChain[] }>();
  const starts = buckets?.startsMs.map((ms) => BigInt(ms) * 1_000_000n) ?? [null];
  const groupOf = (startNs: bigint | null, names: readonly string[]) => {
    const name = JSON.stringify([String(startNs), ...names]);
    const time = startNs === null ? {} : { [TIME_COLUMN.name]: startNs };
    const keys = {
      ...time,
      ...Object.fromEntries(by.map((field, at) => [field, names[at] ?? ''])),
    };
    const group = groups.get(name) ?? { keys, chains: [] };
    groups.set(name, group);
    return group;
  };
  if (by.length === 0) for (const start of starts) groupOf(start, []);
  for (const chain of chainsIn(recountChains(events, { journeys, asOf }), question)) {
    const start = starts.findLast((ns) => ns === null || ns <= chain.beganNs) ?? null;
    const names = by.map((field) => String(chain.voice.event[field] ?? ''));
    groupOf(start, names).chains.push(chain);
  }
  return [...groups.values()].map(({ keys, chains }) => ({
    ...keys,
    ...figuresOf(chains),
    provisional: chains.some(({ canChange }) => canChange) || isGrowing(keys, question),
  }));
}

/** Those that begin in the range and that the filter wants. */
export function chainsIn(
  chains: readonly RecountedChain[],
  { range, filter }: Pick<RetriesQuestion, 'range' | 'filter'>,
): RecountedChain[] {
  const isWanted = createMatch(filter);
  return chains
    .filter(({ beganNs }) => beganNs >= range.fromNs && beganNs < range.toNs)
    .filter(({ voice }) => isWanted(voice.event));
}

function isGrowing(keys: AnswerRow, { buckets, range, asOf }: RetriesQuestion): boolean {
  const ends = [...(buckets?.startsMs.slice(1) ?? []), ...(buckets ? [buckets.endMs] : [])];
  const at = buckets?.startsMs.findIndex(
    (ms) => BigInt(ms) * 1_000_000n === keys[TIME_COLUMN.name],
  );
  const endMs = at === undefined ? undefined : ends[at];
  const endNs = endMs === undefined ? range.toNs : BigInt(endMs) * 1_000_000n;
  return (endNs < range.toNs ? endNs : range.toNs) > asOf.finalNs;
}

function figuresOf(chains: readonly RecountedChain[]): AnswerRow {
  const of = (outcome: RecountedChain['outcome']) =>
    chains.filter((chain) => chain.outcome === outcome);
  const recovered = of('recovered');
  const tries = recovered.map(({ decidedBy }) => BigInt(decidedBy)).toSorted(ascending);
  const tookNs = recovered.map(({ paidNs, beganNs }) => paidNs! - beganNs).toSorted(ascending);
  const ms = (ns: bigint | undefined) => (ns === undefined ? null : Number(ns) / 1e6);
  const number = (count: bigint | undefined) => (count === undefined ? null : Number(count));
  return {
    chains: chains.length,
    ok_first: of('ok_first').length,
    recovered: recovered.length,
    failed: of('failed').length,
    abandoned: of('abandoned').length,
    open: of('open').length,
    tries_p50: number(lowMedian(tries)),
    tries_max: number(tries.at(-1)),
    recovery_p50: ms(lowMedian(tookNs)),
    recovery_p95: ms(tookNs[Math.floor(0.95 * tookNs.length)]),
    recovered_amounts: sumOf(recovered),
    lost_amounts: sumOf(of('failed')),
  };
}

function lowMedian(sorted: readonly bigint[]): bigint | undefined {
  return sorted[Math.ceil(sorted.length / 2) - 1];
}

/** A sum of zero is left out, as the store does it. */
function sumOf(chains: readonly RecountedChain[]): Record<string, string> {
  const sums = new Map<string, bigint>();
  for (const { voice } of chains) {
    const { amount, currency = '' } = voice.event;
    if (amount !== undefined) sums.set(currency, (sums.get(currency) ?? 0n) + parseAmount(amount));
  }
  const known = [...sums].filter(([, units]) => units !== 0n);
  return Object.fromEntries(known.map(([currency, units]) => [currency, formatAmount(units)]));
}

function ascending(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
