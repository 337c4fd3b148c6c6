import { EVENT_FIELDS, type Event, type EventField } from '../../model/event.js';

const OF_ACTION = ['op_id', 'user_id', 'order_id', 'status'] as const;
const OF_MONEY = [...OF_ACTION, 'amount', 'currency'] as const;

/** Kind and fields of each type of event, as docs/architecture.md promises them to whoever asks the store. */
const REQUIRED: Readonly<
  Record<string, { readonly kind: string; readonly fields: readonly EventField[] }>
> = {
  'page.view': { kind: 'record', fields: ['user_id', 'session_id', 'page'] },
  'order.reserved': { kind: 'record', fields: OF_ACTION },
  'order.placed': { kind: 'record', fields: OF_ACTION },
  'order.cancelled': { kind: 'record', fields: OF_ACTION },
  'payment.attempt': { kind: 'record', fields: [...OF_MONEY, 'provider', 'attempt'] },
  'order.paid': { kind: 'record', fields: OF_MONEY },
  'order.failed': { kind: 'record', fields: OF_MONEY },
  'refund.requested': { kind: 'record', fields: OF_MONEY },
  'refund.done': { kind: 'record', fields: OF_MONEY },
  'provider.maintenance': { kind: 'record', fields: ['provider'] },
  deploy: { kind: 'record', fields: ['service'] },
  request: {
    kind: 'span',
    fields: ['op_id', 'span_id', 'operation', 'duration_ms', 'status'],
  },
  log: { kind: 'log', fields: ['level', 'message'] },
  metric: { kind: 'metric', fields: ['metric', 'value', 'unit'] },
};

/** What an event lacks that its type must have, or has that no event has; empty for a good one. */
export function missingFieldsOf(event: Event): string[] {
  const { type = '', kind = '' } = event;
  const required = REQUIRED[type];
  if (required === undefined) return [`there is no type ${JSON.stringify(type)}`];
  const missing = (['ts', 'service', ...required.fields] as const).filter((field) =>
    [undefined, null, ''].includes(event[field] as never),
  );
  const unknown = Object.keys(event).filter((name) => !(name in EVENT_FIELDS));
  return [
    ...(kind === required.kind ? [] : [`${type} is a ${kind}`]),
    ...missing.map((field) => `${type} lacks ${field}`),
    ...unknown.map((field) => `${type} has a strange ${field}`),
    ...(type === 'log' && event.op_id !== undefined && event.span_id === undefined
      ? ['log of an action lacks span_id']
      : []),
  ];
}
