import type { FaultOf } from '../fault/fault.js';
import type { Status } from '../render/event-type.js';
import { NODE_SERVICE } from '../shop/fleet.js';
import { SERVICE_NAMES } from '../shop/service-name.js';
import { serviceIndexOf } from '../shop/service.js';
import type { World } from '../simulation/world.js';
import { versionText } from '../statement/trouble-log.js';

/** Numbers of announcements start here, so that they are nobody else's. */
const FIRST_NUMBER = 2 ** 40;

/** Index of what machines and operators say, behind the services. */
const OPERATOR_SERVICE = SERVICE_NAMES.length;

/** What operators do is an event, too: a deployment and its way back, a provider's maintenance window. */
export function scheduleAnnouncements(world: World): void {
  let number = FIRST_NUMBER;
  for (const fault of world.spec.faults) {
    if (fault.kind === 'bad-deploy') scheduleDeploys(world, fault, number);
    if (fault.kind === 'provider-maintenance') scheduleMaintenance(world, fault, number);
    number += 2;
  }
}

function scheduleDeploys(world: World, fault: FaultOf<'bad-deploy'>, number: number): void {
  const index = serviceIndexOf(fault.service);
  const service = world.fleet.services[index];
  if (service === undefined) throw new Error(`BUG: no service ${fault.service}`);
  const rollOut = (status: Status, step: number): { run(atUs: number): void } => ({
    run(atUs) {
      service.version += status === 'rolled_back' ? -1 : 1;
      const version = versionText(service.version);
      world.fleet.replacePods(service);
      world.emitter.announce(atUs, {
        number: number + step,
        service: index,
        type: 'deploy',
        status,
        key: `deploy-${fault.service}`,
        body: `","kind":"record","type":"deploy","service":"${fault.service}","status":"${status}","message":"${fault.service} ${version} on ${service.profile.podCount} pods","attrs":{"service.version":"${version}"}}`,
      });
    },
  });
  world.schedule(fault.fromMs * 1000, rollOut('rolled_out', 0));
  if (Number.isFinite(fault.toMs)) world.schedule(fault.toMs * 1000, rollOut('rolled_back', 1));
}

function scheduleMaintenance(
  world: World,
  fault: FaultOf<'provider-maintenance'>,
  number: number,
): void {
  const say = (status: Status, step: number): { run(atUs: number): void } => ({
    run(atUs) {
      world.emitter.announce(atUs, {
        number: number + step,
        service: OPERATOR_SERVICE,
        type: 'provider.maintenance',
        status,
        key: `provider-${fault.provider}`,
        body: `","kind":"record","type":"provider.maintenance","service":"${NODE_SERVICE}","provider":"${fault.provider}","status":"${status}","message":"maintenance of ${fault.provider} has ${status}"}`,
      });
    },
  });
  world.schedule(fault.fromMs * 1000, say('started', 0));
  if (Number.isFinite(fault.toMs)) world.schedule(fault.toMs * 1000, say('ended', 1));
}
