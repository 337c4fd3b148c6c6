import { FRACTION_DIGITS_MAX, WHOLE_DIGITS_MAX } from '../model/amount.js';
import { EVENT_FIELDS } from '../model/event.js';
import { lowerAscii, type FieldRef, type Filter } from '../model/filter.js';
import { quoteValue } from '../model/visible-text.js';

/** What a field is compared as: numbers are doubles, an amount is an exact decimal. */
export type FieldType = 'text' | 'number' | 'decimal';

/** Every key of attrs is a text. */
export function typeOfField(field: FieldRef): FieldType {
  const type = field.kind === 'attr' ? 'string' : EVENT_FIELDS[field.name];
  if (type === 'string') return 'text';
  return type === 'decimal' ? 'decimal' : 'number';
}

/** The field's text is one of these; what is stored in lower case is found however it is written here. */
export function textIsOneOf(field: FieldRef, values: readonly string[]): Filter {
  const isLower = field.kind === 'field' && (field.name === 'level' || field.name === 'kind');
  return { kind: 'text', field, values: isLower ? values.map((text) => lowerAscii(text)) : values };
}

/** The field as a message names it. */
export function nameOfField(field: FieldRef): string {
  return field.kind === 'field' ? field.name : quoteValue(field.key);
}

/** For a decimal that an amount cannot be. */
export const DECIMAL_HINT = `An amount has at most ${WHOLE_DIGITS_MAX} digits before the point and ${FRACTION_DIGITS_MAX} after it.`;
