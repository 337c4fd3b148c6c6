import { hash3, unitOf } from '../chance/hash.js';
import { activeAt, type FaultOf } from '../fault/fault.js';
import { RESTART_US } from '../fault/service-trouble.js';
import type { Node, Pod, Service } from '../shop/fleet.js';
import { SERVICE_NAMES } from '../shop/service-name.js';
import type { Task } from '../simulation/task-heap.js';
import type { World } from '../simulation/world.js';

/** Numbers of metrics start here, so that they are nobody else's. */
const FIRST_NUMBER = 2 ** 41;

/** How often machines and containers say how they are; a shop of little traffic is asked less often. */
const INTERVAL_S_MIN = 15;

/** Metrics are at most this share of all events, else a quiet shop would do nothing but measure itself. */
const SHARE_MAX = 0.1;

/** Two of each pod and each node. */
const METRICS_EACH = 2;

/** Processor time of a request, in seconds of one core; a container has one core. */
const REQUEST_CPU_S = 0.012;
const IDLE_CPU = 0.02;
const NODE_CORES = 4;

/** What a container takes more under full load, as a share of what it takes idle. */
const LOAD_MEMORY = 0.35;
const NOISE = 0.04;

const MIB = 1024 * 1024;
const NODE_MEMORY_BYTES = 1_500 * MIB;

/** Answers take longer as the processor fills up, and not without bound. */
const SLOWNESS_MAX = 8;

/** Seconds between two looks at a shop of so many events a second, and how many metrics one look gives. */
export function metricPlan(
  world: Pick<World, 'fleet'>,
  eventsPerSecond: number,
): { readonly intervalS: number; readonly perSecond: number } {
  const podCount = world.fleet.services.reduce((sum, { pods }) => sum + pods.length, 0);
  const count = METRICS_EACH * (podCount + world.fleet.nodes.length);
  const steps = Math.ceil(count / (SHARE_MAX * eventsPerSecond) / INTERVAL_S_MIN);
  const intervalS = INTERVAL_S_MIN * Math.max(1, steps);
  return { intervalS, perSecond: count / intervalS };
}

/** Looks at all containers and machines again and again: their load follows the requests, and slows them down. */
export class Metrics implements Task {
  readonly #world: World;
  readonly #intervalS: number;
  readonly #leaks: readonly FaultOf<'service-leak'>[];
  readonly #burns: readonly FaultOf<'service-cpu'>[];
  #number = FIRST_NUMBER;

  constructor(world: World) {
    this.#world = world;
    this.#intervalS = metricPlan(world, world.spec.eventsPerSecond).intervalS;
    this.#leaks = world.spec.faults.filter((fault) => fault.kind === 'service-leak');
    this.#burns = world.spec.faults.filter((fault) => fault.kind === 'service-cpu');
  }

  begin(): void {
    this.#world.schedule(this.#intervalS * 1e6, this);
  }

  run(atUs: number): void {
    const { fleet } = this.#world;
    const onNodes = new Map<Node, { cpu: number; memoryBytes: number }>();
    for (const service of fleet.services) {
      for (const pod of service.pods) {
        const load = this.#lookAt(service, pod, atUs);
        const sum = onNodes.get(pod.node) ?? { cpu: 0, memoryBytes: 0 };
        sum.cpu += load.cpu;
        sum.memoryBytes += load.memoryBytes;
        onNodes.set(pod.node, sum);
      }
      const cpu = service.pods.reduce((most, pod) => Math.max(most, pod.cpu), 0);
      service.slowness = Math.min(SLOWNESS_MAX, 1 / (1 - Math.min(0.99, cpu)));
    }
    for (const node of fleet.nodes) {
      const { cpu, memoryBytes } = onNodes.get(node) ?? { cpu: 0, memoryBytes: 0 };
      const used = Math.min(1, 0.03 + cpu / NODE_CORES);
      this.#say(atUs, { ...NODE_METRICS.cpu, fields: node.fields, key: node.name, value: used });
      const bytes = NODE_MEMORY_BYTES + memoryBytes;
      this.#say(atUs, {
        ...NODE_METRICS.memory,
        fields: node.fields,
        key: node.name,
        value: bytes,
      });
    }
    this.#world.schedule(atUs + this.#intervalS * 1e6, this);
  }

  #lookAt(service: Service, pod: Pod, atUs: number): { cpu: number; memoryBytes: number } {
    const { profile, index } = service;
    pod.cpu = this.#cpuOf(service, pod, atUs);
    pod.requestCount = 0;
    this.#leak(service, pod, atUs);
    const noise = 1 + NOISE * (2 * this.#chance(pod, 1) - 1);
    const memoryBytes = Math.round(
      Math.min(
        profile.memoryBytesMax,
        profile.memoryBytes * noise * (1 + LOAD_MEMORY * pod.cpu) + pod.leakedBytes,
      ),
    );
    const place = { fields: pod.fields, key: pod.name, service: index };
    this.#say(atUs, { ...POD_METRICS.cpu, ...place, value: pod.cpu });
    this.#say(atUs, { ...POD_METRICS.memory, ...place, value: memoryBytes });
    return { cpu: pod.cpu, memoryBytes };
  }

  #cpuOf({ profile }: Service, pod: Pod, atUs: number): number {
    if (atUs < pod.downUntilUs) return 0;
    const noise = 1 + NOISE * (2 * this.#chance(pod, 2) - 1);
    const cpu = (IDLE_CPU + (pod.requestCount * REQUEST_CPU_S) / this.#intervalS) * noise;
    const burnt = this.#burns
      .filter((fault) => fault.service === profile.name && activeAt(fault, atUs))
      .reduce((most, { load }) => Math.max(most, load), 0);
    return Math.min(1, Math.max(cpu, burnt));
  }

  /** Memory grows until the container is ended and begins anew. */
  #leak({ profile }: Service, pod: Pod, atUs: number): void {
    if (atUs < pod.downUntilUs) pod.leakedBytes = 0;
    for (const fault of this.#leaks) {
      if (fault.service !== profile.name || !activeAt(fault, atUs)) continue;
      pod.leakedBytes += fault.megabytesPerMinute * MIB * (this.#intervalS / 60);
    }
    if (profile.memoryBytes + pod.leakedBytes < profile.memoryBytesMax) return;
    pod.leakedBytes = 0;
    pod.downUntilUs = atUs + RESTART_US;
  }

  #chance(pod: Pod, salt: number): number {
    return unitOf(
      hash3(this.#world.spec.seed ^ 0x3e7a, pod.number * 4 + salt, this.#number % 2 ** 31),
    );
  }

  #say(
    atUs: number,
    { metric, unit, digits, fields, key, value, service = NODE_INDEX }: Measured,
  ): void {
    this.#world.emitter.announce(atUs, {
      number: this.#number,
      service,
      type: 'metric',
      key: `metric-${key}`,
      body: `","kind":"metric","type":"metric",${fields},"metric":"${metric}","value":${value.toFixed(digits)},"unit":"${unit}"}`,
    });
    this.#number += 1;
  }
}

/** Index of what machines say of themselves, behind the services. */
const NODE_INDEX = SERVICE_NAMES.length;

interface MetricKind {
  readonly metric: string;
  readonly unit: string;
  readonly digits: number;
}

type Measured = MetricKind & {
  readonly fields: string;
  readonly key: string;
  readonly value: number;
  /** Left out: the machine itself. */
  readonly service?: number;
};

const POD_METRICS = {
  cpu: { metric: 'container.cpu.utilization', unit: '1', digits: 4 },
  memory: { metric: 'container.memory.usage', unit: 'By', digits: 0 },
} as const satisfies Record<string, MetricKind>;

const NODE_METRICS = {
  cpu: { metric: 'system.cpu.utilization', unit: '1', digits: 4 },
  memory: { metric: 'system.memory.usage', unit: 'By', digits: 0 },
} as const satisfies Record<string, MetricKind>;
