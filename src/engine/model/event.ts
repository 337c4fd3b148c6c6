/**
 * The event's own top-level fields (docs/architecture.md): what becomes a column of the same name.
 * Every other top-level field lands in `attrs`.
 */
export const EVENT_FIELDS = {
  ts: 'time',
  kind: 'string',
  type: 'string',
  level: 'string',
  service: 'string',
  host: 'string',
  node: 'string',
  pod: 'string',
  container: 'string',
  module: 'string',
  file: 'string',
  line: 'integer',
  message: 'string',
  op_id: 'string',
  span_id: 'string',
  parent_id: 'string',
  duration_ms: 'number',
  operation: 'string',
  user_id: 'string',
  session_id: 'string',
  order_id: 'string',
  product_id: 'string',
  page: 'string',
  provider: 'string',
  status: 'string',
  attempt: 'integer',
  amount: 'decimal',
  currency: 'string',
  metric: 'string',
  value: 'number',
  unit: 'string',
  attrs: 'map',
} as const;

export type EventField = keyof typeof EVENT_FIELDS;

export const EVENT_KINDS = ['log', 'span', 'metric', 'record'] as const;

/** Ascending severity. */
export const LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const;
export type Level = (typeof LEVELS)[number];

/** An event as it travels: one JSON object. All but `ts` and `service` may be missing; `amount` is a decimal string. */
export type Event = {
  readonly [Field in Exclude<EventField, 'attrs'>]?: (typeof EVENT_FIELDS)[Field] extends
    'integer' | 'number'
    ? number
    : string;
} & { readonly attrs?: Readonly<Record<string, unknown>> };
