import { hash2, hash3, hex8 } from '../chance/hash.js';
import { SERVICE_PROFILES, type ServiceProfile } from './service.js';

/** A machine of the cluster. */
export interface Node {
  readonly name: string;
  readonly host: string;
  /** Fields of an event that comes from the machine itself, as JSON text. */
  readonly fields: string;
}

/** One container of a service. */
export interface Pod {
  /** Different for every pod that ever was: caches are kept by it. */
  readonly number: number;
  readonly service: Service;
  readonly node: Node;
  readonly name: string;
  /** Fields of an event that comes from it, as JSON text. */
  readonly fields: string;
  /** Requests since the last look at its load. */
  requestCount: number;
  cpu: number;
  /** Beyond what its load explains: a leak. */
  leakedBytes: number;
  /** It answers nobody until then. */
  downUntilUs: number;
}

/** A service and what runs it. */
export interface Service {
  readonly index: number;
  readonly profile: ServiceProfile;
  pods: Pod[];
  /** Rises with each deployment, and falls when one is taken back. */
  version: number;
  /** By how much its answers are slower than without load. */
  slowness: number;
}

const NODE_COUNT = 6;
const ZONES = ['a', 'b', 'c'];
const SUFFIX_LETTERS = 'bcdfghjklmnpqrstvwxz2456789';

/** Machines, services and their pods. */
export class Fleet {
  readonly nodes: readonly Node[];
  readonly services: readonly Service[];
  readonly #seed: number;
  #podCount = 0;

  constructor(seed: number) {
    this.#seed = seed;
    this.nodes = Array.from({ length: NODE_COUNT }, (_, index) => createNode(index));
    this.services = SERVICE_PROFILES.map((profile, index) => ({
      index,
      profile,
      pods: [],
      version: 1,
      slowness: 1,
    }));
    for (const service of this.services) this.replacePods(service);
  }

  /** All pods of a service go, and as many new ones come: a deployment. */
  replacePods(service: Service): void {
    const { podCount } = service.profile;
    service.pods = Array.from({ length: podCount }, (_, index) => this.#createPod(service, index));
  }

  #createPod(service: Service, index: number): Pod {
    const { name } = service.profile;
    const number = this.#podCount;
    this.#podCount += 1;
    const node = this.nodes[(service.index * 2 + index) % NODE_COUNT];
    if (node === undefined) throw new Error('BUG: a pod without a node');
    const template = hex8(hash3(this.#seed, service.index, service.version)).slice(0, 9);
    const podName = `${name}-${template}-${suffixOf(hash2(this.#seed, number))}`;
    return {
      number,
      service,
      node,
      name: podName,
      fields: `"service":"${name}","host":"${node.host}","node":"${node.name}","pod":"${podName}","container":"${name}"`,
      requestCount: 0,
      cpu: 0,
      leakedBytes: 0,
      downUntilUs: 0,
    };
  }
}

/** What machines say of themselves comes under this name. */
export const NODE_SERVICE = 'node-exporter';

function createNode(index: number): Node {
  const name = `worker-${ZONES[index % ZONES.length] ?? ''}${1 + Math.floor(index / ZONES.length)}`;
  const host = `ip-10-20-${index % ZONES.length}-${11 + index}`;
  return { name, host, fields: `"service":"${NODE_SERVICE}","host":"${host}","node":"${name}"` };
}

function suffixOf(hash: number): string {
  let rest = hash;
  let suffix = '';
  for (let index = 0; index < 5; index += 1) {
    suffix += SUFFIX_LETTERS[rest % SUFFIX_LETTERS.length] ?? '';
    rest = Math.floor(rest / SUFFIX_LETTERS.length);
  }
  return suffix;
}
