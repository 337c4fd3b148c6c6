/** What load can be split by. */
export const RESOURCE_DIMENSIONS = ['node', 'host', 'pod', 'container', 'service'] as const;
export type ResourceDimension = (typeof RESOURCE_DIMENSIONS)[number];

/** Load of one machine or container in one interval, and what it did. */
export interface ResourceSample {
  /** Start of the interval. */
  readonly timeNs: bigint;
  readonly name: string;
  /** Mean share of the processor, 0 to 1; null: it was not reported. */
  readonly cpu: number | null;
  readonly cpuMax: number | null;
  /** Of all its containers together: cores in use where each has one. */
  readonly cpuSum: number | null;
  readonly memoryBytes: number | null;
  readonly memoryBytesMax: number | null;
  /** Different users whose events came from it. */
  readonly users: number;
  readonly requests: number;
}
