import type { Money } from '../render/emitter.js';
import type { Product } from '../shop/text-pool.js';
import type { Provider } from '../shop/provider.js';
import { orderIdOf, type Action } from './action.js';

export interface Attempt {
  readonly action: Action;
  readonly attempt: number;
  readonly status: 'ok' | 'failed' | 'timeout';
  readonly atUs: number;
}

/** What a customer wants, from reservation to the end of its payments. */
export class Order {
  readonly number: number;
  readonly user: number;
  readonly product: Product;
  readonly quantity: number;
  readonly money: Money;
  readonly provider: Provider;
  /** As far as they were sent. */
  readonly attempts: Attempt[] = [];
  attemptCount = 0;
  isPaid = false;
  isRefunded = false;

  constructor(
    parts: Pick<Order, 'number' | 'user' | 'product' | 'quantity' | 'money' | 'provider'>,
  ) {
    this.number = parts.number;
    this.user = parts.user;
    this.product = parts.product;
    this.quantity = parts.quantity;
    this.money = parts.money;
    this.provider = parts.provider;
  }

  get id(): string {
    return orderIdOf(this.number);
  }
}
