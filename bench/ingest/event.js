export const START_MS = Date.UTC(2026, 10, 1);

const SERVICES = ['gateway', 'catalogue', 'reservation', 'order', 'payment', 'notification'];

/** Events as a shop logs them: ids that do not repeat, words that do. */
export function toMessage(index) {
  const opId = (BigInt(Math.floor(index / 12)) * 0x9e3779b97f4a7c15n)
    .toString(16)
    .padStart(32, '0')
    .slice(-32);
  const value = JSON.stringify({
    ts: new Date(START_MS + index * 20).toISOString(),
    kind: 'log',
    type: 'log',
    level: index % 50 === 0 ? 'error' : 'info',
    service: SERVICES[index % SERVICES.length],
    host: `host-${index % 12}`,
    pod: `pod-${index % 36}`,
    module: 'payment.gateway',
    file: 'src/payment/gateway.ts',
    line: index % 400,
    message: `attempt ${index % 4} of the payment for order ${index} was answered by provider ${index % 5} after ${(index * 7919) % 2000} ms`,
    op_id: opId,
    span_id: opId.slice(0, 16),
    user_id: `user-${(index * 31) % 20_000}`,
    operation: 'buy',
  });
  return { key: opId, value };
}
