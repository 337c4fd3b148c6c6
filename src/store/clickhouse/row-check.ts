/** Makes a checked value of what the server sent; throws when it cannot. */
type Read<T> = (value: unknown) => T;

type Columns = Readonly<Record<string, Read<unknown>>>;

/**
 * Rows with these columns, in place of a schema: a library for schemas takes longer to load than a question to be answered, so
 * what most commands ask is checked by hand.
 */
export function rowOf<C extends Columns>(
  columns: C,
): { parse(row: unknown): { readonly [Name in keyof C]: ReturnType<C[Name]> } } {
  const entries = Object.entries(columns);
  return {
    parse(row) {
      const values = row as Readonly<Record<string, unknown>>;
      return Object.fromEntries(
        entries.map(([name, read]) => [name, read(values[name])]),
      ) as ReturnType<ReturnType<typeof rowOf<C>>['parse']>;
    },
  };
}

/** Parameters as the compiler knows them: they come from our own code. */
export function paramsOf<Params>(): { parse(params: unknown): Params } {
  return { parse: (params) => params as Params };
}

/** A text. */
export function text(value: unknown): string {
  if (typeof value !== 'string') throw unexpected('a text', value);
  return value;
}

/** A number; whole ones of 64 bits come as texts. */
export function number(value: unknown): number {
  const read = typeof value === 'string' && value !== '' ? Number(value) : value;
  if (typeof read !== 'number' || Number.isNaN(read)) throw unexpected('a number', value);
  return read;
}

/** A whole number of 64 bits. */
export function bigint(value: unknown): bigint {
  const isWhole =
    Number.isInteger(value) || /^-?\d+$/u.test(typeof value === 'string' ? value : '');
  if (!isWhole) throw unexpected('a whole number', value);
  return BigInt(value as string | number);
}

/** A truth: 1 or 0, or true or false. */
export function truth(value: unknown): boolean {
  if (typeof value === 'boolean') return value;
  return number(value) !== 0;
}

function unexpected(wanted: string, value: unknown): TypeError {
  return new TypeError(`the server sent ${typeof value} for ${wanted}`);
}
