import type { Event } from './event.js';
import type { StoredEvent } from './stored-event.js';

/** What else happened around an action, in the services that took part in it. Events of the action itself are left out. */
export interface Surroundings {
  readonly fromNs: bigint;
  /** Itself not included. */
  readonly toNs: bigint;
  /** By service, the containers of the action first. */
  readonly places: readonly PlaceFigures[];
  /** Errors, then warnings, each the most frequent first; only so many. */
  readonly problems: readonly RepeatedProblem[];
  /** Deployments and maintenance of these services and of the providers that were asked, the newest first; only so many. */
  readonly changes: readonly StoredEvent[];
}

/** Events of one container, or of all containers of a service that the action was not in. */
export interface PlaceFigures {
  readonly service: string;
  /** The pod; without one the container, or the host. Empty for the others of the service. */
  readonly place: string;
  /** How many containers the figures are of. */
  readonly placeCount: number;
  readonly eventCount: number;
  readonly errorCount: number;
  /** Events that say they failed without being logged as an error. */
  readonly failureCount: number;
  readonly warnCount: number;
  readonly infoCount: number;
  /** Of levels debug and trace. */
  readonly debugCount: number;
}

/** A message that came again and again, but for its numbers. */
export interface RepeatedProblem {
  readonly service: string;
  readonly level: string;
  /** As it came first. */
  readonly message: string;
  readonly file: string;
  readonly line: number | null;
  readonly count: number;
  /** Of these, in containers of the action. */
  readonly ownCount: number;
  /** Actions that had it. */
  readonly actionCount: number;
  readonly firstNs: bigint;
  readonly lastNs: bigint;
}

/** The container in which an event arose, by the most telling name there is: pod, container or host; empty without any. */
export function placeOf({ pod, container, host }: Event): string {
  return pod ?? container ?? host ?? '';
}
