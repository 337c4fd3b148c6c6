import { isObject } from '../../format/common-names.js';
import type { EventFields } from '../../line-format.js';
import { decimalOf } from './decimal.js';

const CONNECT_DECIMAL = 'org.apache.kafka.connect.data.Decimal';

/** Columns with their values; NULLs are left out, and decimals are texts of digits where it can be known that they are decimals. */
export function valuesOf(
  row: EventFields,
  schema: unknown,
): readonly (readonly [string, unknown])[] {
  const scales = scalesOf(schema);
  return Object.entries(row).flatMap(([column, value]) =>
    value === null ? [] : [[column, plainValue(value, scales.get(column))] as const],
  );
}

function plainValue(value: unknown, scale: number | undefined): unknown {
  if (typeof value === 'string')
    return scale === undefined ? value : (decimalOf(value, scale) ?? value);
  return isVariableDecimal(value) ? (decimalOf(value.value, value.scale) ?? value) : value;
}

/** Debezium's form of a decimal whose scale is its own, not the column's. */
function isVariableDecimal(
  value: unknown,
): value is { readonly scale: number; readonly value: string } {
  return (
    isObject(value) &&
    Object.keys(value).length === 2 &&
    typeof value['scale'] === 'number' &&
    typeof value['value'] === 'string'
  );
}

/** Scales of the columns that are decimals as bytes, the mode that Debezium calls precise. */
function scalesOf(schema: unknown): ReadonlyMap<string, number> {
  const scales = new Map<string, number>();
  const fields = isObject(schema) ? schema['fields'] : undefined;
  if (!Array.isArray(fields)) return scales;
  for (const field of fields) {
    if (!isObject(field) || field['name'] !== CONNECT_DECIMAL) continue;
    const { field: column, parameters } = field;
    const scale = isObject(parameters) ? Number(parameters['scale']) : NaN;
    if (typeof column === 'string' && Number.isInteger(scale)) scales.set(column, scale);
  }
  return scales;
}
