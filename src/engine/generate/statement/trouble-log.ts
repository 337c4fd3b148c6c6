import type { ServiceName } from '../shop/service-name.js';
import type { Argument } from '../render/emitter.js';
import { statement, type Statement } from './statement.js';

/** What a service logs when it is broken. */
export const TROUBLE_LOG: Readonly<Record<ServiceName, Statement>> = {
  gateway: statement(
    'error',
    'src/http/handle-request.ts:57',
    '{} failed: worker pool is exhausted (64 of 64 busy)',
  ),
  identity: statement(
    'error',
    'src/token/load-keys.ts:49',
    '{} failed: key set could not be read: EACCES',
  ),
  catalogue: statement(
    'error',
    'src/product/product-index.ts:122',
    '{} failed: index shard 3 is read-only',
  ),
  reservation: statement(
    'error',
    'src/hold/stock-table.ts:88',
    '{} failed: deadlock detected, transaction rolled back',
  ),
  order: statement(
    'error',
    'src/store/order-table.ts:140',
    '{} failed: could not serialize access due to concurrent update',
  ),
  payment: statement(
    'error',
    'src/store/charge-table.ts:97',
    '{} failed: remaining connection slots are reserved',
  ),
  accounting: statement(
    'error',
    'src/ledger/journal.ts:76',
    '{} failed: journal of today is locked by another writer',
  ),
  notification: statement(
    'error',
    'src/mail/smtp-client.ts:64',
    '{} failed: 451 4.3.0 mail server temporarily rejected message',
  ),
};

/** Where a service breaks after a bad deployment: code that was not there before. */
const BUG_PLACES: Readonly<Record<ServiceName, string>> = {
  gateway: 'src/proxy/route-cache.ts:41',
  identity: 'src/token/parse-claims.ts:63',
  catalogue: 'src/price/apply-discount.ts:29',
  reservation: 'src/hold/expire-hold.ts:52',
  order: 'src/place/split-shipment.ts:71',
  payment: 'src/charge/round-amount.ts:34',
  accounting: 'src/ledger/tax-line.ts:58',
  notification: 'src/mail/pick-template.ts:26',
};

const bugStatements = new Map<ServiceName, Statement>(
  Object.entries(BUG_PLACES).map(([name, place]) => [
    name as ServiceName,
    statement('error', place, "TypeError: Cannot read properties of undefined (reading '{}')"),
  ]),
);

const MISSING_FIELDS: Readonly<Record<ServiceName, string>> = {
  gateway: 'upstream',
  identity: 'scope',
  catalogue: 'discount',
  reservation: 'expiresAt',
  order: 'parcels',
  payment: 'minorUnits',
  accounting: 'taxRate',
  notification: 'locale',
};

/** What a service logs that runs into the bug of its newest version. */
export interface BugLine {
  readonly said: Statement;
  readonly args: readonly Argument[];
  /** As in an emitter's log line. */
  readonly fields: string;
}

export function bugOf(name: ServiceName, version: number): BugLine {
  const said = bugStatements.get(name);
  if (said === undefined) throw new Error(`BUG: no bug of ${name}`);
  const field = MISSING_FIELDS[name];
  return {
    said,
    args: [field],
    fields: stackFields({
      type: 'TypeError',
      message: `Cannot read properties of undefined (reading '${field}')`,
      frames: [`${said.file}:${said.line}:17`, 'src/http/handle-request.ts:52:11'],
      version,
    }),
  };
}

interface StackParts {
  readonly type: string;
  readonly message: string;
  readonly frames: readonly string[];
  readonly version?: number;
}

/** An exception in OpenTelemetry's names, as fields that follow others. */
export function stackFields({ type, message, frames, version }: StackParts): string {
  const stack = `${type}: ${message}\n${frames.map((frame) => `    at ${frame}`).join('\n')}`;
  const attrs = {
    'exception.type': type,
    'exception.stacktrace': stack,
    ...(version !== undefined && { 'service.version': versionText(version) }),
  };
  return `,"attrs":${JSON.stringify(attrs)}`;
}

/** `2.4.1` of the first version that runs. */
export function versionText(version: number): string {
  return `2.${3 + version}.1`;
}
