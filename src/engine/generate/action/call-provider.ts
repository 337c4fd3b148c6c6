import { decimalText } from '../render/decimal-text.js';
import { CURRENCY_NAMES } from '../shop/customer.js';
import { PROVIDER_TIMEOUT_US, type CallResult } from '../shop/provider.js';
import { PAYMENT_LOG } from '../statement/shop-log.js';
import { stackFields } from '../statement/trouble-log.js';
import type { Order } from './order.js';
import { Visit, type Run } from './run.js';

/** An answer that takes longer is worth a warning. */
const SLOW_US = 2_000_000;

const DECLINE_REASONS = ['insufficient funds', 'card expired', 'do not honour', 'limit exceeded'];

/** One call to the order's provider, as a span of its own below the payment's; the time is its end afterwards. */
export function callProvider(run: Run, payment: Visit, order: Order, attempt: number): CallResult {
  const { name } = order.provider;
  const call = new Visit({
    action: run.action,
    pod: payment.pod,
    parent: payment,
    startUs: run.nowUs,
    trouble: null,
  });
  const { result, endUs } = order.provider.call(run.nowUs, run.world.random);
  run.nowUs = endUs;
  explain(run, call, { order, result, attempt });
  const status = result === 'timeout' ? 'timeout' : isAnswer(result) ? 'ok' : 'error';
  run.leave(call, status, `,"provider":"${name}","attempt":${attempt}`);
  return result;
}

/** Whether the provider has decided; else it may be asked again. */
export function isAnswer(result: CallResult): result is 'ok' | 'declined' {
  return result === 'ok' || result === 'declined';
}

/** An amount with its currency. */
export function moneyText({ money }: Order): string {
  return `${decimalText(money.minorUnits)} ${CURRENCY_NAMES[money.currency] ?? ''}`;
}

interface Answered {
  readonly order: Order;
  readonly result: CallResult;
  readonly attempt: number;
}

function explain(run: Run, call: Visit, { order, result, attempt }: Answered): void {
  const { name } = order.provider;
  const tookUs = run.nowUs - call.startUs;
  const tookMs = Math.round(tookUs / 1000);
  const fields = `,"provider":"${name}","attempt":${attempt}`;
  switch (result) {
    case 'ok':
      if (tookUs > SLOW_US) run.say(call, PAYMENT_LOG.slow, [name, tookMs], fields);
      break;
    case 'declined': {
      const reason = DECLINE_REASONS[run.world.random.below(DECLINE_REASONS.length)] ?? '';
      run.say(call, PAYMENT_LOG.declined, [name, reason], fields);
      break;
    }
    case 'timeout':
      run.say(
        call,
        PAYMENT_LOG.timedOut,
        [name, PROVIDER_TIMEOUT_US / 1000, attempt],
        fields + stackOf(name, 'timeout'),
      );
      break;
    case 'refused':
      run.say(call, PAYMENT_LOG.refused, [name, attempt], fields + stackOf(name, 'refused'));
      break;
    case 'error':
      run.say(call, PAYMENT_LOG.serverError, [name, attempt], fields + stackOf(name, 'error'));
      break;
  }
}

type Failure = 'timeout' | 'refused' | 'error';

const EXCEPTIONS: Readonly<
  Record<Failure, readonly [type: string, message: string, frame: string]>
> = {
  timeout: ['ProviderTimeout', 'no answer within 10000 ms', 'src/provider/call-provider.ts:118:11'],
  refused: ['ConnectError', 'connect ECONNREFUSED', 'src/provider/call-provider.ts:104:11'],
  error: ['ProviderError', '503 service unavailable', 'src/provider/call-provider.ts:131:11'],
};

/** Stacks by provider and failure, made when first needed. */
const stacks = new Map<string, string>();

function stackOf(name: string, failure: Failure): string {
  const key = `${name} ${failure}`;
  const known = stacks.get(key);
  if (known !== undefined) return known;
  const [type, message, frame] = EXCEPTIONS[failure];
  const fields = stackFields({
    type,
    message: `${name}: ${message}`,
    frames: [frame, 'src/charge/charge-order.ts:79:23', 'src/http/handle-request.ts:52:11'],
  });
  stacks.set(key, fields);
  return fields;
}
