/** How a chain of attempts ends, worst first. */
export const CHAIN_OUTCOMES = ['failed', 'abandoned', 'open', 'recovered', 'ok_first'] as const;
export type ChainOutcome = (typeof CHAIN_OUTCOMES)[number];
