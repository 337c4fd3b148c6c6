import type { z } from 'zod';
import { FAULT_KINDS, faultSchema, type Fault } from '../../../engine/generate/fault/fault.js';
import { AtbdError } from '../../../engine/model/error.js';
import { nearestName } from '../../../engine/model/nearest-name.js';
import { quoteValue } from '../../../engine/model/visible-text.js';

/** `provider-down:provider=acme,at=10m,for=5m`; rejects with USAGE_INVALID, which names the mistake. */
export function parseFaultFlag(text: string): Fault {
  const [kind = '', ...rest] = text.split(':');
  const fields = rest.join(':');
  // A map, as a name may be anything.
  const input = new Map<string, string | number>([['kind', kind]]);
  for (const pair of fields === '' ? [] : fields.split(',')) {
    const at = pair.indexOf('=');
    if (at < 1) throw unusable(text, `${quoteValue(pair)} is not of the form name=value`, kind);
    const name = pair.slice(0, at);
    if (input.has(name)) throw unusable(text, `${quoteValue(name)} is given twice`, kind);
    input.set(name, toValue(pair.slice(at + 1)));
  }
  const result = faultSchema.safeParse(Object.fromEntries(input));
  if (result.success) return result.data;
  throw unusable(text, describeIssue(result.error.issues[0]), kind);
}

/** Numbers and percentages as numbers; all else stays text. */
function toValue(text: string): string | number {
  const match = /^(?<number>-?\d+(?:\.\d+)?)(?<percent>%?)$/u.exec(text);
  if (match?.groups === undefined) return text;
  return Number(match.groups['number']) / (match.groups['percent'] === '%' ? 100 : 1);
}

function describeIssue(issue: z.core.$ZodIssue | undefined): string {
  if (issue === undefined) return 'it is not valid';
  const name = issue.path.join('.');
  if (name === 'kind') return 'there is no such kind of fault';
  return name === '' ? issue.message : `${name}: ${issue.message}`;
}

function unusable(text: string, what: string, kind: string): AtbdError {
  const isKnown = (FAULT_KINDS as readonly string[]).includes(kind);
  const near = isKnown ? undefined : nearestName(kind, FAULT_KINDS);
  return new AtbdError({
    code: 'USAGE_INVALID',
    message: `cannot use --fault ${quoteValue(text)}: ${what}`,
    hint:
      (near === undefined ? '' : `Did you mean ${near}? `) +
      `Write for example provider-down:provider=acme,at=10m,for=5m. Kinds: ${FAULT_KINDS.join(', ')}.`,
  });
}
