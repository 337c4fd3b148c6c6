import { statement } from './statement.js';

/** What the gateway logs. */
export const GATEWAY_LOG = {
  served: statement('info', 'src/http/access-log.ts:38', '{} {} in {} ms'),
  notFound: statement('warn', 'src/http/access-log.ts:44', '{} 404 in {} ms: no route or product'),
  upstreamFailed: statement(
    'error',
    'src/proxy/forward-request.ts:92',
    '{} 502 in {} ms: {} failed',
  ),
  unreachable: statement(
    'error',
    'src/proxy/forward-request.ts:71',
    'connect ECONNREFUSED {}:8080',
  ),
  sessionKnown: statement(
    'debug',
    'src/auth/check-session.ts:27',
    'session of {} is valid for {} min',
  ),
};

/** What the catalogue logs. */
export const CATALOGUE_LOG = {
  found: statement('debug', 'src/product/find-product.ts:54', 'found {} ({}), {} in stock'),
  searched: statement(
    'info',
    'src/search/run-search.ts:81',
    'search for \u201c{}\u201d gave {} products in {} ms',
  ),
  missing: statement('info', 'src/product/find-product.ts:61', 'no product under {}'),
  priced: statement('debug', 'src/price/quote-price.ts:33', 'quoted {} for {} x {}'),
};

/** What reservation logs. */
export const RESERVATION_LOG = {
  held: statement('info', 'src/hold/hold-stock.ts:47', 'holding {} x {} for {} for 15 min'),
  lowStock: statement('warn', 'src/hold/hold-stock.ts:52', 'stock of {} is low: {} left'),
  soldOut: statement('info', 'src/hold/hold-stock.ts:66', '{} is sold out, hold refused'),
  committed: statement('info', 'src/hold/commit-hold.ts:29', 'hold of {} became a sale'),
  released: statement('info', 'src/hold/release-hold.ts:24', 'released hold of {}'),
};

/** What order logs. */
export const ORDER_LOG = {
  keyChecked: statement(
    'debug',
    'src/place/check-idempotency.ts:31',
    'idempotency key of {} is new',
  ),
  doubleClick: statement(
    'warn',
    'src/place/check-idempotency.ts:38',
    'order {} is being placed already, second request refused',
  ),
  placed: statement('info', 'src/place/place-order.ts:74', 'order {} placed: {} items, {}'),
  paid: statement('info', 'src/place/settle-order.ts:58', 'order {} is paid: {}'),
  unpaid: statement(
    'warn',
    'src/place/settle-order.ts:83',
    'order {} stays unpaid for now, next try in {} s',
  ),
  retrying: statement(
    'info',
    'src/retry/retry-payment.ts:45',
    'trying again to get order {} paid, attempt {}',
  ),
  failed: statement('error', 'src/place/settle-order.ts:97', 'order {} failed: {}'),
  cancelled: statement('info', 'src/cancel/cancel-order.ts:36', 'order {} cancelled by customer'),
  refundAsked: statement(
    'info',
    'src/refund/request-refund.ts:41',
    'refund of {} asked for order {}',
  ),
  refundDone: statement(
    'info',
    'src/refund/settle-refund.ts:52',
    'refund of {} for order {} is done',
  ),
  refundLater: statement(
    'warn',
    'src/refund/settle-refund.ts:64',
    'refund for order {} failed, next try in {} s',
  ),
};

/** What payment logs. */
export const PAYMENT_LOG = {
  charging: statement('info', 'src/charge/charge-order.ts:63', 'charging {} at {}, attempt {}'),
  charged: statement('info', 'src/charge/charge-order.ts:88', '{} authorised {} after {} ms'),
  declined: statement('warn', 'src/charge/charge-order.ts:97', '{} declined the card: {}'),
  backingOff: statement(
    'debug',
    'src/charge/back-off.ts:22',
    'attempt {} at {} failed, waiting {} ms',
  ),
  refunding: statement('info', 'src/refund/refund-payment.ts:48', 'refunding {} at {}'),
  refunded: statement('info', 'src/refund/refund-payment.ts:71', '{} refunded {} after {} ms'),
  timedOut: statement(
    'error',
    'src/provider/call-provider.ts:118',
    'no answer from {} within {} ms (attempt {})',
  ),
  refused: statement(
    'error',
    'src/provider/call-provider.ts:104',
    'cannot reach {}: connect ECONNREFUSED (attempt {})',
  ),
  serverError: statement(
    'error',
    'src/provider/call-provider.ts:131',
    '{} answered 503 service unavailable (attempt {})',
  ),
  slow: statement(
    'warn',
    'src/provider/call-provider.ts:142',
    '{} took {} ms, more than the 2000 ms we expect',
  ),
};

/** What accounting, notification and identity log. */
export const LEDGER_LOG = {
  booked: statement('info', 'src/ledger/book-sale.ts:39', 'booked {} for order {}'),
  bookedBack: statement('info', 'src/ledger/book-refund.ts:37', 'booked back {} for order {}'),
};
export const NOTIFICATION_LOG = {
  queued: statement('info', 'src/mail/queue-mail.ts:28', 'mail \u201c{}\u201d to {} queued'),
  rendered: statement('debug', 'src/mail/render-mail.ts:19', 'rendered {} in {} ms'),
};
export const IDENTITY_LOG = {
  checked: statement('debug', 'src/token/check-token.ts:34', 'token of {} checked, ships to {}'),
};
