import { setOwn } from '../../set-own.js';
import type { EventFields } from '../../line-format.js';

/** Attributes that the event has a field for; those of our own names besides. */
const FIELD_OF_ATTRIBUTE: ReadonlyMap<string, string> = new Map([
  ['service.name', 'service'],
  ['host.name', 'host'],
  ['k8s.node.name', 'node'],
  ['k8s.pod.name', 'pod'],
  ['container.name', 'container'],
  ['k8s.container.name', 'container'],
  ['code.file.path', 'file'],
  ['code.filepath', 'file'],
  ['code.line.number', 'line'],
  ['code.lineno', 'line'],
  ['user.id', 'user_id'],
  ['enduser.id', 'user_id'],
  ['session.id', 'session_id'],
  ...[
    ...['operation', 'user_id', 'session_id', 'order_id', 'product_id'],
    ...['page', 'provider', 'attempt', 'amount', 'currency'],
  ].map((name) => [name, name] as const),
]);

/** An event in the making, of a message of the protocol and what its scope and resource say. */
export class EventBuilder {
  readonly #event: EventFields;
  readonly #attrs: EventFields = {};

  constructor(event: EventFields) {
    this.#event = event;
  }

  put(field: string, value: unknown): void {
    if (value !== undefined && value !== '') this.#event[field] = value;
  }

  attr(name: string, value: unknown): void {
    if (value !== undefined) setOwn(this.#attrs, name, value);
  }

  /** Attributes fill fields that are free, the others stay what they are; a name that is taken becomes a longer one. */
  keep(origin: string, values: EventFields): void {
    for (const [name, value] of Object.entries(values)) {
      const field = FIELD_OF_ATTRIBUTE.get(name);
      if (field !== undefined && !(field in this.#event) && typeof value !== 'object')
        this.put(field, value);
      else this.attr(Object.hasOwn(this.#attrs, name) ? `${origin}.${name}` : name, value);
    }
  }

  build(): EventFields {
    if (Object.keys(this.#attrs).length > 0) this.#event['attrs'] = this.#attrs;
    return this.#event;
  }
}
