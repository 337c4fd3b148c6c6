/** The types of event that a shop sends. */
export const EVENT_TYPES = [
  'log',
  'request',
  'metric',
  'page.view',
  'order.reserved',
  'order.placed',
  'order.cancelled',
  'payment.attempt',
  'order.paid',
  'order.failed',
  'refund.requested',
  'refund.done',
  'provider.maintenance',
  'deploy',
] as const;

export type EventType = (typeof EVENT_TYPES)[number];

/** The types that are business facts. */
export type RecordType = Exclude<EventType, 'log' | 'request' | 'metric'>;

/** What `status` may say; the empty one stands for none. */
export const STATUSES = [
  '',
  'ok',
  'error',
  'failed',
  'timeout',
  'reserved',
  'sold_out',
  'pending',
  'paid',
  'cancelled',
  'requested',
  'done',
  'started',
  'ended',
  'rolled_out',
  'rolled_back',
] as const;

export type Status = (typeof STATUSES)[number];
