/** What of JSON Schema our published schemas use. */
interface Schema {
  readonly type?: string | readonly string[];
  readonly format?: string;
  readonly unit?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
}

/** One member of a document. */
export interface SchemaMember {
  /** `rows[].users`; an item of a list of things is `rows[]`. */
  readonly path: string;
  /** In words: `integer or null`, `time`. */
  readonly type: string;
  readonly summary: string;
}

/** All that documents of this schema may have, depth first, in their order. Where there are several shapes, each begins with a line of its own. */
export function schemaMembers(schema: Readonly<Record<string, unknown>>): SchemaMember[] {
  const root = schema as Schema;
  const shapes = root.anyOf ?? [];
  if (shapes.length === 0) return membersOf(root, '');
  return shapes.flatMap((shape, at) => [
    {
      path: `(${at + 1})`,
      type: 'one of',
      summary: shape.description ?? '',
    },
    ...membersOf(shape, ''),
  ]);
}

function membersOf(schema: Schema, path: string): SchemaMember[] {
  const { properties = {}, required = [], items } = schema;
  if (items !== undefined) return membersOf(items, `${path}[]`);
  return Object.entries(properties).flatMap(([name, member]) => {
    const own = path === '' ? name : `${path}.${name}`;
    const type = typeOf(member);
    const mayLack = required.includes(name) ? '' : ', may lack';
    return [
      { path: own, type: `${type}${mayLack}`, summary: member.description ?? '' },
      ...membersOf(inner(member), own),
    ];
  });
}

/** What may be null is described as what it else is. */
function inner(schema: Schema): Schema {
  return schema.anyOf?.find(({ type }) => type !== 'null') ?? schema;
}

function typeOf(schema: Schema): string {
  const { anyOf, const: only, enum: some, format, type, unit } = schema;
  if (anyOf !== undefined) {
    return [...new Set(anyOf.map(typeOf))].join(' or ');
  }
  if (only !== undefined) return JSON.stringify(only);
  if (some !== undefined) return some.map((value) => JSON.stringify(value)).join(', ');
  const name = format === 'date-time' ? 'time' : [type ?? 'anything'].flat().join(' or ');
  const shown = name === 'array' ? 'list' : name;
  return unit === undefined ? shown : `${shown} (${unit})`;
}
