/** ClickHouse types of the values that questions carry. */
export type ParamType =
  | 'String'
  | 'Array(String)'
  | 'Int64'
  | 'Array(Int64)'
  | 'UInt64'
  | 'Array(UInt64)'
  | 'Float64'
  | 'Decimal(38, 9)'
  | 'UInt32'
  | 'Array(UInt32)';

type ParamValue = string | number | readonly string[] | readonly number[] | readonly bigint[];

/**
 * Collects the values of a question that is put together from parts. A value reaches the server only as a parameter;
 * what stands in the SQL is its name.
 */
export class SqlParams {
  readonly #values: Record<string, ParamValue> = {};
  #count = 0;

  /** Keeps the value and gives the text that stands for it in the SQL. A single 64-bit integer is given as text. */
  add(type: ParamType, value: ParamValue): string {
    const name = `p${this.#count}`;
    this.#count += 1;
    this.#values[name] = value;
    return `{${name}:${type}}`;
  }

  /** All values by name. */
  get values(): Readonly<Record<string, ParamValue>> {
    return this.#values;
  }
}

/** A moment, in nanoseconds since the epoch, to compare a time of an event with. */
export function instantSql(ns: bigint, params: SqlParams): string {
  return `fromUnixTimestamp64Nano(${params.add('Int64', String(ns))}, 'UTC')`;
}
