import type { Random } from '../chance/random.js';
import { serviceIndexOf } from '../shop/service.js';
import type { Pod, Service } from '../shop/fleet.js';
import { activeAt, type Fault, type FaultOf } from './fault.js';

/** Why a service cannot do what it is asked. `unreachable`: it never heard of it. */
export type Trouble = 'unreachable' | 'error' | 'bug';

/** How long a container takes from its end until it answers again. */
export const RESTART_US = 8_000_000;

type ServiceFault = FaultOf<'service-errors' | 'service-restarts' | 'bad-deploy'>;

const KINDS: ReadonlySet<string> = new Set<ServiceFault['kind']>([
  'service-errors',
  'service-restarts',
  'bad-deploy',
]);

/** What goes wrong in one service, as far as its requests feel it. */
export class ServiceTrouble {
  readonly #byService = new Map<number, ServiceFault[]>();

  constructor(faults: readonly Fault[]) {
    for (const fault of faults) {
      if (!isServiceFault(fault)) continue;
      const index = serviceIndexOf(fault.service);
      this.#byService.set(index, [...(this.#byService.get(index) ?? []), fault]);
    }
  }

  /** What a request to this pod runs into; null is the rule. */
  of(pod: Pod, atUs: number, random: Random): Trouble | null {
    if (atUs < pod.downUntilUs) return 'unreachable';
    const faults = this.#byService.get(pod.service.index);
    if (faults === undefined) return null;
    for (const fault of faults) {
      if (!activeAt(fault, atUs)) continue;
      if (fault.kind === 'service-restarts') {
        if (isRestarting(fault, pod, atUs)) return 'unreachable';
      } else if (random.chance(fault.share)) return fault.kind === 'bad-deploy' ? 'bug' : 'error';
    }
    return null;
  }
}

/** Index of the pod that the n-th restart of a fault hits: one after the other. */
export function restartingPodOf(service: Service, turn: number): number {
  return turn % service.profile.podCount;
}

function isRestarting(fault: FaultOf<'service-restarts'>, pod: Pod, atUs: number): boolean {
  const sinceUs = atUs - fault.fromMs * 1000;
  const everyUs = fault.every * 1000;
  const turn = Math.floor(sinceUs / everyUs);
  if (sinceUs - turn * everyUs >= RESTART_US) return false;
  return pod.service.pods[restartingPodOf(pod.service, turn)] === pod;
}

function isServiceFault(fault: Fault): fault is ServiceFault {
  return KINDS.has(fault.kind);
}
