import type { EventFields } from '../../line-format.js';
import { isObject } from '../common-names.js';
import { attributesOf, objectsIn } from './any-value.js';
import type { EventBuilder } from './event-builder.js';

/** What a message's resource and scope say of it. */
export interface Origin {
  /** Attributes of the resource: who sent it. */
  readonly resource: EventFields;
  readonly scope: EventFields;
}

export const NO_ORIGIN: Origin = { resource: {}, scope: {} };

/** The lists that an export request of one signal is nested in. */
export interface SignalLists {
  readonly resources: string;
  readonly scopes: string;
  readonly messages: string;
}

/** Every message of one signal with its origin, in the request's own order. */
export function* messagesIn(
  request: EventFields,
  { resources, scopes, messages }: SignalLists,
): Generator<{ readonly message: EventFields; readonly origin: Origin }> {
  for (const ofResource of objectsIn(request, resources)) {
    const { resource } = ofResource;
    const attributes = isObject(resource) ? attributesOf(resource['attributes']) : {};
    for (const ofScope of objectsIn(ofResource, scopes)) {
      const scope = isObject(ofScope['scope']) ? ofScope['scope'] : {};
      const origin = { resource: attributes, scope };
      for (const message of objectsIn(ofScope, messages)) yield { message, origin };
    }
  }
}

/** Behind the message's own: the logger, then what scope and resource say. */
export function keepOrigin(builder: EventBuilder, { resource, scope }: Origin): void {
  const { name, version, attributes } = scope;
  builder.put('module', name);
  builder.keep('scope', {
    ...(version !== undefined && { 'scope.version': version }),
    ...attributesOf(attributes),
  });
  builder.keep('resource', resource);
}
