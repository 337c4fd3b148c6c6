/** The services of the shop, in the order in which a request meets them. */
export const SERVICE_NAMES = [
  'gateway',
  'identity',
  'catalogue',
  'reservation',
  'order',
  'payment',
  'accounting',
  'notification',
] as const;

export type ServiceName = (typeof SERVICE_NAMES)[number];

/** The payment companies that the shop works with. None of them exists. */
export const PROVIDER_NAMES = ['acme', 'paybridge', 'nordwire', 'zenpay'] as const;

export type ProviderName = (typeof PROVIDER_NAMES)[number];

/** What a customer does in one action. */
export const OPERATIONS = ['view', 'reserve', 'buy', 'refund', 'cancel'] as const;

export type Operation = (typeof OPERATIONS)[number];
