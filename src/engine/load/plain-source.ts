import type { QueueMessage } from '../model/queue.js';
import type { Random } from '../model/random.js';
import type { LoadSource } from './load-source.js';

const SERVICES = ['gateway', 'catalogue', 'reservation', 'order', 'payment', 'notification'];
const USER_COUNT = 20_000;
const PRODUCT_COUNT = 5_000;
const ORDER_COUNT = 10_000_000;
/** Of a hundred purchases. */
const FAILED_SHARE = 3;

/**
 * Purchases through six services, each a span and a log line, with its payment: records of the size and shape of a shop's, made as
 * fast as they can be sent. Failed ones log an error.
 */
export function createPlainSource(random: Random): LoadSource {
  let pending: QueueMessage[] = [];
  return {
    services: SERVICES,
    take(count, nowMs) {
      const ts = new Date(nowMs).toISOString();
      while (pending.length < count) pending.push(...purchase(random, ts));
      const taken = pending.slice(0, count);
      pending = pending.slice(count);
      return taken;
    },
  };
}

function purchase(random: Random, ts: string): QueueMessage[] {
  const hex = (digits: number): string => hexText(random, digits);
  const opId = hex(32);
  const isFailed = random.integerBelow(100) < FAILED_SHARE;
  const user = random.integerBelow(USER_COUNT);
  const order = random.integerBelow(ORDER_COUNT);
  const base = `"ts":"${ts}","op_id":"${opId}","operation":"buy","user_id":"user-${user}","order_id":"o-${order}"`;
  const status = isFailed ? 'failed' : 'ok';
  let parent = '';
  const values = SERVICES.flatMap((service) => {
    const span = hex(16);
    const place = `"service":"${service}","host":"host-${random.integerBelow(12)}","pod":"${service}-${random.integerBelow(6)}"`;
    const link = parent === '' ? '' : `"parent_id":"${parent}",`;
    parent = span;
    const durationMs = Math.round(-Math.log(1 - random.next()) * 20_000) / 1000;
    const level = isFailed && service === 'payment' ? 'error' : 'info';
    return [
      `{${base},"kind":"span","type":"request",${place},${link}"span_id":"${span}","duration_ms":${durationMs},"status":"${status}"}`,
      `{${base},"kind":"log","type":"log",${place},"span_id":"${span}","level":"${level}","module":"${service}.handler",` +
        `"file":"service/${service}.js","line":${20 + random.integerBelow(200)},` +
        `"message":"${service} handled product ${random.integerBelow(PRODUCT_COUNT)} for order ${order} in ${durationMs} ms: ${status}"}`,
    ];
  });
  const cents = 100 + random.integerBelow(50_000);
  values.push(
    `{${base},"kind":"record","type":"payment.attempt","service":"payment","provider":"paybridge","attempt":1,` +
      `"status":"${status}","amount":"${(cents / 100).toFixed(2)}","currency":"EUR"}`,
  );
  return values.map((value) => ({ key: opId, value }));
}

function hexText(random: Random, digits: number): string {
  let text = '';
  while (text.length < digits)
    text += random
      .integerBelow(2 ** 32)
      .toString(16)
      .padStart(8, '0');
  return text;
}
