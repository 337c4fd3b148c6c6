/** What an expression may ask for: names with their types, in groups (`trace.p99`) or by themselves. */
export interface VariableGroup {
  readonly [name: string]: VariableType | VariableGroup;
}

/** Numbers are doubles, so that `latency < 200` and `latency < 0.5` both fit. */
export type VariableType = 'number' | 'text' | 'truth';

/** A value for each declared name. A number that is not known is NaN: no comparison with it holds. */
export interface VariableValues {
  readonly [name: string]: number | string | boolean | VariableValues;
}

/** Every name in full, such as `trace.p99`, in the order they were declared. */
export function namesOf(variables: VariableGroup, prefix = ''): string[] {
  return Object.entries(variables).flatMap(([name, type]) =>
    typeof type === 'string' ? [`${prefix}${name}`] : namesOf(type, `${prefix}${name}.`),
  );
}

/** The value under a full name; undefined where there is none. */
export function valueAt(values: VariableValues, name: string): VariableValues[string] | undefined {
  let value: VariableValues[string] | undefined = values;
  for (const part of name.split('.')) {
    if (typeof value !== 'object' || !Object.hasOwn(value, part)) return undefined;
    value = value[part];
  }
  return value;
}
