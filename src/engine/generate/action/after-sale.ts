import { userIdOf } from '../shop/customer.js';
import { serviceIndexOf } from '../shop/service.js';
import { LEDGER_LOG, NOTIFICATION_LOG } from '../statement/shop-log.js';
import { moneyText } from './call-provider.js';
import type { Order } from './order.js';
import type { Run, Visit } from './run.js';

const ACCOUNTING = serviceIndexOf('accounting');
const NOTIFICATION = serviceIndexOf('notification');

/** Money that moved is booked. Trouble there does not undo the sale. */
export function book(run: Run, parent: Visit, order: Order, direction: 'sale' | 'refund'): void {
  const accounting = run.enter(ACCOUNTING, parent);
  if (run.fails(accounting)) return;
  run.work(accounting, 3_200);
  const said = direction === 'sale' ? LEDGER_LOG.booked : LEDGER_LOG.bookedBack;
  run.say(accounting, said, [moneyText(order), order.id]);
  run.leave(accounting, 'ok');
}

/** The customer gets a mail. Trouble there does not undo anything. */
export function notify(run: Run, parent: Visit, subject: string): void {
  const notification = run.enter(NOTIFICATION, parent);
  if (run.fails(notification)) return;
  run.work(notification, 5_000);
  const ms = Math.round((run.nowUs - notification.startUs) / 1000);
  run.say(notification, NOTIFICATION_LOG.rendered, [subject, ms]);
  run.say(notification, NOTIFICATION_LOG.queued, [subject, userIdOf(run.action.user)]);
  run.leave(notification, 'ok');
}
