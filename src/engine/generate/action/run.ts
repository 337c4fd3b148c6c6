import type { Trouble } from '../fault/service-trouble.js';
import type { Argument, Place, RecordParts } from '../render/emitter.js';
import type { Pod } from '../shop/fleet.js';
import type { World } from '../simulation/world.js';
import type { Statement } from '../statement/statement.js';
import { bugOf, TROUBLE_LOG } from '../statement/trouble-log.js';
import { GATEWAY_LOG } from '../statement/shop-log.js';
import type { Action } from './action.js';

/** From one service to another, within the cluster. */
const HOP_US = 350;

/** From one line of code that says something to the next. */
const SAY_US = 37;

const NO_ARGUMENTS: readonly Argument[] = [];

/** A request within one service: a span. */
export class Visit implements Place {
  readonly action: Action;
  readonly pod: Pod;
  readonly parent: Visit | null;
  readonly startUs: number;
  /** What is wrong with the service, as far as this request feels it. */
  readonly trouble: Trouble | null;
  readonly #span: number;
  #spanId = '';

  constructor(parts: Pick<Visit, 'action' | 'pod' | 'parent' | 'startUs' | 'trouble'>) {
    this.action = parts.action;
    this.pod = parts.pod;
    this.parent = parts.parent;
    this.startUs = parts.startUs;
    this.trouble = parts.trouble;
    this.#span = parts.action.nextSpan();
  }

  get spanId(): string {
    if (this.#spanId === '') this.#spanId = this.action.spanIdOf(this.#span);
    return this.#spanId;
  }
}

/** An action as it goes through the services: knows what time it is, and says what happens. */
export class Run {
  readonly world: World;
  readonly action: Action;
  nowUs: number;

  constructor(world: World, action: Action, nowUs: number) {
    this.world = world;
    this.action = action;
    this.nowUs = nowUs;
  }

  /** A request arrives at one of the service's pods. */
  enter(service: number, parent: Visit | null): Visit {
    const { random, fleet, trouble } = this.world;
    const found = fleet.services[service];
    const pod = found?.pods[random.below(found.pods.length)];
    if (pod === undefined) throw new Error(`BUG: no pod of service ${service}`);
    if (parent !== null) this.nowUs += random.around(HOP_US);
    pod.requestCount += 1;
    return new Visit({
      action: this.action,
      pod,
      parent,
      startUs: this.nowUs,
      trouble: trouble.of(pod, this.nowUs, random),
    });
  }

  /** Time passes: the service works, slower under load. */
  work(visit: Visit, medianUs: number): void {
    this.nowUs += this.world.random.around(medianUs * visit.pod.service.slowness);
  }

  say(visit: Visit, said: Statement, args: readonly Argument[] = NO_ARGUMENTS, extra = ''): void {
    this.world.emitter.log(visit, this.nowUs, said, args, extra);
    this.nowUs += SAY_US;
  }

  /** Returns whether it was within the run. */
  record(visit: Visit, parts: RecordParts): boolean {
    const isWithin = this.world.emitter.record(visit, this.nowUs, parts);
    this.nowUs += SAY_US;
    return isWithin;
  }

  /** The request is answered; `fields` as in a record. */
  leave(visit: Visit, status: 'ok' | 'error' | 'timeout', fields = ''): void {
    this.world.emitter.span(visit, this.nowUs, {
      startUs: visit.startUs,
      status,
      parentId: visit.parent?.spanId ?? '',
      fields,
    });
    if (visit.parent !== null) this.nowUs += this.world.random.around(HOP_US);
  }

  /**
   * True when the service cannot do it: then it has said so (or its caller has, when it was not to be reached), and
   * the request is answered.
   */
  fails(visit: Visit): boolean {
    if (visit.trouble === null) return false;
    const { name } = visit.pod.service.profile;
    if (visit.trouble === 'unreachable') {
      this.nowUs += this.world.random.around(1_500);
      if (visit.parent) this.say(visit.parent, GATEWAY_LOG.unreachable, [visit.pod.name]);
      return true;
    }
    this.work(visit, 3_000);
    const { said, args, fields } =
      visit.trouble === 'bug'
        ? bugOf(name, visit.pod.service.version)
        : { said: TROUBLE_LOG[name], args: [this.action.operation], fields: '' };
    this.say(visit, said, args, fields);
    this.leave(visit, 'error');
    return true;
  }
}
