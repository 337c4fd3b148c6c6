import { EVENT_FIELDS, type EventField } from '../model/event.js';
import type { FieldRef, Filter } from '../model/filter.js';
import { nearestName } from '../model/nearest-name.js';
import { quoteValue } from '../model/visible-text.js';

/** Fields whose values are names: few, and worth correcting. Levels are refused when they are none. */
export const NAME_FIELDS = [
  'service',
  'host',
  'node',
  'pod',
  'container',
  'module',
  'kind',
  'type',
  'operation',
  'provider',
  'status',
  'page',
  'metric',
  'unit',
  'currency',
] as const satisfies readonly EventField[];
export type NameField = (typeof NAME_FIELDS)[number];

/** The names that a filter asks for. */
export interface WantedNames {
  readonly values: ReadonlyMap<NameField, readonly string[]>;
  readonly attrKeys: readonly string[];
}

/** The names that there are. */
export interface KnownNames {
  readonly values: ReadonlyMap<NameField, readonly string[]>;
  readonly attrKeys: readonly string[];
}

/** What must be there for an event to pass: only that can be the reason why nothing was found. */
export function wantedNames(filter: Filter): WantedNames {
  const values = new Map<NameField, string[]>();
  const attrKeys = new Set<string>();
  for (const part of requiredParts(filter)) {
    if (!('field' in part)) continue;
    const { field } = part;
    if (field.kind === 'attr') attrKeys.add(field.key);
    else if (part.kind === 'text' && isNameField(field)) {
      values.set(field.name, [...(values.get(field.name) ?? []), ...part.values]);
    }
  }
  return { values, attrKeys: [...attrKeys] };
}

function requiredParts(filter: Filter): readonly Filter[] {
  return filter.kind === 'all' ? filter.parts.flatMap(requiredParts) : [filter];
}

function isNameField(
  field: FieldRef,
): field is { readonly kind: 'field'; readonly name: NameField } {
  return field.kind === 'field' && (NAME_FIELDS as readonly string[]).includes(field.name);
}

/** A sentence for each name that does not exist, with what was likely meant. Names that exist are not the reason. */
export function nameHints(wanted: WantedNames, known: KnownNames): string[] {
  const ofValues = [...wanted.values].flatMap(([field, values]) => {
    const names = known.values.get(field) ?? [];
    return values
      .filter((value) => value !== '' && !names.includes(value))
      .map((value) => valueHint(field, value, names));
  });
  const ofKeys = wanted.attrKeys
    .filter((key) => !known.attrKeys.includes(key))
    .map((key) => keyHint(key, known.attrKeys));
  return [...ofValues, ...ofKeys];
}

/** More names than this are a list that nobody reads. */
const LISTED_MAX = 10;

function valueHint(field: NameField, value: string, names: readonly string[]): string {
  if (names.length === 0) return `No event of this time has a ${field}.`;
  const text = `No event of this time has the ${field} ${quoteValue(value)}`;
  const near = nearestName(value, names);
  if (near !== undefined) return `${text}; did you mean ${quoteValue(near)}?`;
  if (names.length > LISTED_MAX) return `${text}; \`atbd query values ${field}\` lists those.`;
  return `${text}; there are ${names.map(quoteValue).join(', ')}.`;
}

function keyHint(key: string, keys: readonly string[]): string {
  const field = nearestName(key, Object.keys(EVENT_FIELDS));
  if (field !== undefined) {
    return `${quoteValue(key)} was looked for in attrs; did you mean ${field}?`;
  }
  const text = `No event of this time has attrs.${quoteValue(key)}`;
  const near = nearestName(key, keys);
  if (near !== undefined) return `${text}; did you mean ${quoteValue(near)}?`;
  return `${text}; \`atbd query fields\` lists what there is.`;
}
