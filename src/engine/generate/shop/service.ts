import { SERVICE_NAMES, type ServiceName } from './service-name.js';

/** How one service is built and run. */
export interface ServiceProfile {
  readonly name: ServiceName;
  readonly podCount: number;
  /** Requests it gets for each event of the whole shop, without faults (measured): its load is judged by it. */
  readonly requestsPerEvent: number;
  /** Of an idle pod. */
  readonly memoryBytes: number;
  readonly memoryBytesMax: number;
}

const MIB = 1024 * 1024;

type Row = readonly [
  podCount: number,
  requestsPerEvent: number,
  memoryMiB: number,
  memoryMiBMax: number,
];

const ROWS: Readonly<Record<ServiceName, Row>> = {
  gateway: [4, 0.15, 180, 512],
  identity: [2, 0.02, 140, 384],
  catalogue: [4, 0.15, 320, 768],
  reservation: [3, 0.03, 210, 512],
  order: [3, 0.02, 260, 512],
  payment: [3, 0.02, 240, 512],
  accounting: [2, 0.02, 190, 512],
  notification: [2, 0.02, 150, 384],
};

/** By index of SERVICE_NAMES. */
export const SERVICE_PROFILES: readonly ServiceProfile[] = SERVICE_NAMES.map((name) => {
  const [podCount, requestsPerEvent, memoryMiB, memoryMiBMax] = ROWS[name];
  return {
    name,
    podCount,
    requestsPerEvent,
    memoryBytes: memoryMiB * MIB,
    memoryBytesMax: memoryMiBMax * MIB,
  };
});

/** Number of a service, as an index of SERVICE_NAMES. */
export function serviceIndexOf(name: ServiceName): number {
  return SERVICE_NAMES.indexOf(name);
}
